using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Model.Looks;
using Voltaxe.Dashboard.Model.Texts;

namespace Voltaxe.Dashboard.Model.Progress;

/// <summary>From a command to the steps Queued → Pushed or Polled → Received → Running → Done.</summary>
public static class Tracker
{
    public static TrackerView Of(CommandView command)
    {
        var ended = !StatusLook.IsOpen(command.Status);
        var status = StatusLook.Of(command.Status);
        var steps = new List<TrackerStep>();
        if (command.Status is CommandStatus.AwaitingApproval or CommandStatus.Denied || command.ApprovedAt is not null)
            steps.Add(new("approval", "Approved", StepState.Ahead, Glyph.Person, Tone.Neutral, command.ApprovedAt, Name(command.ApprovedBy)));
        steps.Add(new("queued", "Queued", StepState.Ahead, Glyph.Clock, Tone.Neutral, command.CreatedAt, Name(command.CreatedBy)));
        steps.Add(new("delivered", HandOver(command), StepState.Ahead, Glyph.Send, Tone.Neutral, command.DeliveredAt, ChannelNote(command)));
        steps.Add(new("received", "Received", StepState.Ahead, Glyph.Inbox, Tone.Neutral, command.ReceivedAt));
        steps.Add(new("running", "Running", StepState.Ahead, Glyph.Play, Tone.Neutral, Started(command)));
        // Asking for approval comes before the queue, but the order itself was made first: it is drawn first.
        steps.Sort((a, b) => Place(a.Name).CompareTo(Place(b.Name)));
        Mark(steps, ended);
        steps.Add(ended
            ? new("done", status.Word, StepState.Reached, status.Glyph, status.Tone, command.FinishedAt, EndNote(command))
            : new("done", "Done", StepState.Ahead, Glyph.Ring, Tone.Neutral));
        return new(steps, status, TrackerSentence.Of(command), ended);
    }

    /// <summary>
    /// When it began: not known before the agent has it, and not earlier. The agent reckons its start in hub time, the hub stamps the
    /// receipt when the word of it comes in: the start may seem to be as much earlier as that word was on its way.
    /// </summary>
    private static DateTimeOffset? Started(CommandView command) =>
        command is { ReceivedAt: { } received, StartedAt: { } started } ? (started < received ? received : started) : null;

    private static int Place(string step) => step switch { "queued" => 0, "approval" => 1, "delivered" => 2, "received" => 3, _ => 4 };

    /// <summary>
    /// Reached is what has a stamp, and what must have come before such a step. Of a running command, the last reached
    /// step is where it waits now; of an ended one, what has no stamp was never passed.
    /// </summary>
    private static void Mark(List<TrackerStep> steps, bool ended)
    {
        var last = steps.FindLastIndex(s => s.At is not null);
        for (var i = 0; i < steps.Count; i++)
        {
            var state = i == last && !ended ? StepState.Current
                : steps[i].At is not null ? StepState.Reached
                : ended || i < last ? StepState.Skipped
                : StepState.Ahead;
            steps[i] = steps[i] with
            {
                State = state,
                Tone = state switch { StepState.Current => Tone.Info, StepState.Reached => Tone.Good, _ => Tone.Neutral },
            };
        }
    }

    private static string HandOver(CommandView command) => command switch
    {
        { DeliveredAt: null } => "Handed over",
        { Channel: Channel.Push } => "Pushed",
        { Channel: Channel.Poll } => "Polled",
        _ => "Handed over",
    };

    /// <summary>"push 4 ms": the channel, and how long after it was due. After a second hand-out the stamp is the first one's, so only the count is said.</summary>
    private static string? ChannelNote(CommandView command)
    {
        if (command is not { DeliveredAt: { } delivered, Channel: { } channel })
            return null;
        var word = channel == Channel.Push ? "push" : "poll";
        if (command.Attempt > 1)
            return $"{word}, attempt {command.Attempt}";
        DateTimeOffset?[] starts = [command.CreatedAt, command.ApprovedAt, command.NotBefore];
        var due = starts.Where(s => s <= delivered).Max() ?? command.CreatedAt;
        return $"{word} {Stamp.Span(delivered - due)}";
    }

    private static string? EndNote(CommandView command) =>
        command.FinishedAt is { } finished ? $"after {Stamp.Span(finished - command.CreatedAt)}" : null;

    private static string? Name(string? operatorName) => operatorName is null ? null : SafeText.Line(operatorName, 64);
}
