using Voltaxe.Dashboard.Model.Looks;

namespace Voltaxe.Dashboard.Model.Progress;

/// <summary>How far a command is, ready to be drawn.</summary>
/// <param name="Status">The protocol's word for where it is.</param>
/// <param name="Sentence">What is known, and not a word more.</param>
public sealed record TrackerView(IReadOnlyList<TrackerStep> Steps, Look Status, string Sentence, bool Ended);

/// <param name="Name">Fixed, for tests: approval, queued, delivered, received, running, done.</param>
/// <param name="Note">Who or how: "ana", "push 4 ms".</param>
public sealed record TrackerStep(string Name, string Label, StepState State, Glyph Glyph, Tone Tone, DateTimeOffset? At = null, string? Note = null)
{
    public string StateClass => State switch
    {
        StepState.Reached => "reached",
        StepState.Current => "current",
        StepState.Skipped => "skipped",
        _ => "ahead",
    };

    /// <summary>For those who do not see the drawing.</summary>
    public string StateWord => State switch
    {
        StepState.Reached => "reached",
        StepState.Current => "waiting here",
        StepState.Skipped => "not reached",
        _ => "still to come",
    };
}

/// <summary>Skipped: the command ended without passing here.</summary>
public enum StepState { Ahead, Current, Reached, Skipped }
