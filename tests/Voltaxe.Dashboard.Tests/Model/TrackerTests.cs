using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Model.Looks;
using Voltaxe.Dashboard.Model.Progress;
using Voltaxe.Dashboard.Tests.Fakes;

namespace Voltaxe.Dashboard.Tests.Model;

public class TrackerTests
{
    private static readonly CommandView Queued = Given.Command();

    public static TheoryData<CommandStatus> States => [.. Enum.GetValues<CommandStatus>()];

    [Fact]
    public void A_queued_command_waits_at_queued() => AssertSteps(Queued, "queued:current delivered:ahead received:ahead running:ahead done:ahead");

    [Fact]
    public void A_pushed_command_waits_for_its_receipt()
    {
        AssertSteps(Given.HandedOver(Queued), "queued:reached delivered:current received:ahead running:ahead done:ahead");
        var step = Tracker.Of(Given.HandedOver(Queued)).Steps[1];
        Assert.Equal(("Pushed", "push 4 ms"), (step.Label, step.Note));
    }

    [Fact]
    public void A_polled_command_says_so() => Assert.Equal("Polled", Tracker.Of(Given.HandedOver(Queued, Channel.Poll)).Steps[1].Label);

    [Fact]
    public void A_received_command_has_not_started() => AssertSteps(Given.Received(Queued), "queued:reached delivered:reached received:current running:ahead done:ahead");

    [Fact]
    public void A_running_command_is_not_done() => AssertSteps(Given.Running(Queued), "queued:reached delivered:reached received:reached running:current done:ahead");

    [Fact]
    public void An_executed_command_ends_in_the_protocols_word()
    {
        var view = Tracker.Of(Given.At(Queued, CommandStatus.Executed));
        Assert.Equal(["Queued", "Pushed", "Received", "Running", "Executed"], view.Steps.Select(s => s.Label));
        Assert.All(view.Steps, s => Assert.Equal(StepState.Reached, s.State));
        Assert.True(view.Ended);
    }

    [Fact]
    public void What_a_cancelled_command_never_reached_is_skipped() =>
        AssertSteps(Given.At(Queued, CommandStatus.Cancelled), "queued:reached delivered:skipped received:skipped running:skipped done:reached");

    [Fact]
    public void Nothing_runs_that_was_not_received()
    {
        var odd = Given.HandedOver(Queued, Channel.Poll) with { StartedAt = Given.Noon.AddSeconds(1) };
        AssertSteps(odd, "queued:reached delivered:current received:ahead running:ahead done:ahead");
        Assert.Equal("Handed over; the agent has not confirmed it yet.", TrackerSentence.Of(odd));
    }

    [Fact]
    public void What_is_not_stamped_of_an_ended_command_is_skipped_not_awaited() =>
        AssertSteps(Given.At(Queued, CommandStatus.Rejected) with { ReceivedAt = null }, "queued:reached delivered:reached received:skipped running:skipped done:reached");

    /// <summary>The agent reckons its start; the hub stamps the receipt when the word of it arrives, which may be later.</summary>
    [Theory]
    [MemberData(nameof(States))]
    public void No_step_is_earlier_than_the_one_before(CommandStatus status)
    {
        var command = Given.At(Queued, status);
        if (command.StartedAt is { } started)
            command = command with { ReceivedAt = started.AddMilliseconds(40) };
        var times = Tracker.Of(command).Steps.Select(s => s.At).OfType<DateTimeOffset>().ToArray();
        Assert.Equal(times.Order(), times);
    }

    [Fact]
    public void Approval_is_a_step_only_where_it_was_asked()
    {
        Assert.DoesNotContain(Tracker.Of(Queued).Steps, s => s.Name == "approval");
        AssertSteps(Given.At(Queued, CommandStatus.AwaitingApproval), "queued:current approval:ahead delivered:ahead received:ahead running:ahead done:ahead");
        AssertSteps(Queued with { ApprovedAt = Given.Noon.AddSeconds(1), ApprovedBy = "bo" }, "queued:reached approval:current delivered:ahead received:ahead running:ahead done:ahead");
    }

    [Fact]
    public void The_chip_counts_from_when_the_command_was_due()
    {
        var late = Given.HandedOver(Queued) with { ApprovedAt = Given.Noon.AddHours(1), DeliveredAt = Given.Noon.AddHours(1).AddMilliseconds(9) };
        Assert.Equal("push 9 ms", Tracker.Of(late).Steps.Single(s => s.Name == "delivered").Note);
    }

    [Fact]
    public void After_a_second_hand_out_the_chip_claims_no_latency() =>
        Assert.Equal("push, attempt 2", Tracker.Of(Given.HandedOver(Queued) with { Attempt = 2 }).Steps[1].Note);

    [Theory]
    [MemberData(nameof(States))]
    public void No_state_is_called_a_success_and_only_an_end_is_called_done(CommandStatus status)
    {
        var view = Tracker.Of(Given.At(Queued, status));
        var said = string.Join(' ', view.Steps.Select(s => s.Label + s.Note)) + view.Sentence + view.Status.Word;
        Assert.DoesNotContain("success", said, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(!StatusLook.IsOpen(status), view.Steps[^1].State == StepState.Reached);
        Assert.Equal(status == CommandStatus.Executed, view.Steps[^1].Tone == Tone.Good);
    }

    [Theory]
    [InlineData(CommandStatus.AwaitingApproval, "second person")]
    [InlineData(CommandStatus.Pending, "nothing has happened")]
    [InlineData(CommandStatus.Delivered, "has not confirmed")]
    [InlineData(CommandStatus.Executed, "The effect is not proven")]
    [InlineData(CommandStatus.Failed, "could not")]
    [InlineData(CommandStatus.Rejected, "before any effect")]
    [InlineData(CommandStatus.Cancelled, "without effect")]
    [InlineData(CommandStatus.Expired, "without effect")]
    [InlineData(CommandStatus.Superseded, "#8")]
    [InlineData(CommandStatus.Denied, "said no")]
    [InlineData(CommandStatus.Unknown, "nobody can say")]
    public void The_sentence_claims_only_what_is_known(CommandStatus status, string part) =>
        Assert.Contains(part, TrackerSentence.Of(Given.At(Queued, status)), StringComparison.Ordinal);

    [Fact]
    public void A_proof_is_said_with_its_time() =>
        Assert.Contains("proved the effect at 2026-03-01 12:00:02 UTC", TrackerSentence.Of(Given.At(Queued, CommandStatus.Executed) with { VerifiedAt = Given.Noon.AddSeconds(2) }), StringComparison.Ordinal);

    [Fact]
    public void A_dry_run_is_never_told_as_an_effect()
    {
        var pretended = Given.At(Queued, CommandStatus.Executed) with { VerifiedAt = Given.Noon.AddSeconds(2), Result = new(true, "isolated (dry run)", System.Text.Json.JsonElement.Parse("""{"dry_run":true}""")) };
        Assert.StartsWith("A dry run: ", TrackerSentence.Of(pretended), StringComparison.Ordinal);
        Assert.Null(DryRun.ProvenAt(pretended));
        Assert.All(["""{"dry_run":"true"}""", """{"dry_run":false}""", "[1]", "null"], data => Assert.False(DryRun.Made(pretended with { Result = new(true, "", System.Text.Json.JsonElement.Parse(data)) })));
    }

    [Fact]
    public void A_requested_cancel_leaves_the_last_word_to_the_agent() =>
        Assert.StartsWith("Cancel requested; the agent has the last word. Running", TrackerSentence.Of(Given.Running(Queued) with { CancelRequestedAt = Given.Noon }), StringComparison.Ordinal);

    [Theory]
    [InlineData(UnknownWhy.NoReport, "no report")]
    [InlineData(UnknownWhy.AgentCrash, "crashed")]
    [InlineData(UnknownWhy.JournalLost, "journal")]
    [InlineData(UnknownWhy.AgentRetired, "retired")]
    public void Unknown_says_why(UnknownWhy why, string part) =>
        Assert.Contains(part, TrackerSentence.Of(Given.At(Queued, CommandStatus.Unknown) with { UnknownWhy = why }), StringComparison.Ordinal);

    private static void AssertSteps(CommandView command, string expected) =>
        Assert.Equal(expected, string.Join(' ', Tracker.Of(command).Steps.Select(s => $"{s.Name}:{s.StateClass}")));
}
