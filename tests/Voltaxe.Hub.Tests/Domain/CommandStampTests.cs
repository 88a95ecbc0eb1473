using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Domain;

namespace Voltaxe.Hub.Tests.Lifecycle;

/// <summary>What the stamps of a command say, and when (protocol, sections 2 and 9).</summary>
public sealed class CommandStampTests
{
    private static DateTimeOffset At(int seconds) => Sample.Noon.AddSeconds(seconds);

    [Fact]
    public void Delivered_at_is_the_first_hand_out_and_never_changes_while_attempt_and_channel_follow_the_latest()
    {
        var command = Sample.Due(1);
        command.HandOut(Sample.Push(), At(1));
        Assert.Equal((At(1), 1, Channel.Push, 1), (command.DeliveredAt, command.Attempt, command.Channel, command.Unheard));
        command.HandOut(Sample.Reply, At(9));
        Assert.Equal((At(1), At(9), 2, Channel.Poll, 2), (command.DeliveredAt, command.HandedOutAt, command.Attempt, command.Channel, command.Unheard));
        Assert.Null(command.PushSession);
    }

    [Fact]
    public void Received_at_is_the_first_word_of_the_agent_and_started_at_the_first_holding_started()
    {
        var command = Sample.Delivered(1);
        command.Heard(At(2), started: false);
        Assert.Equal((At(2), null), (command.ReceivedAt, command.StartedAt));
        command.Heard(At(3), started: true);
        command.Heard(At(4), started: true);
        Assert.Equal((At(2), At(3)), (command.ReceivedAt, command.StartedAt));
    }

    [Fact]
    public void A_result_alone_is_the_first_word_too()
    {
        var command = Sample.Delivered(1);
        command.Report(Sample.Result(1, started: At(3), finished: At(5), verified: true), "{}", At(6));
        Assert.Equal((At(6), At(3), At(5), At(5), At(6)), (command.ReceivedAt, command.StartedAt, command.ExecutedAt, command.VerifiedAt, command.FinishedAt));
    }

    [Theory]
    [InlineData(Outcome.Executed)]
    [InlineData(Outcome.Failed)]
    public void Executed_at_is_set_on_failure_too(Outcome outcome)
    {
        var command = Sample.Delivered(1);
        command.Report(Sample.Result(1, outcome, started: At(3), finished: At(5), verified: false), "{}", At(6));
        Assert.Equal((At(3), At(5), null), (command.StartedAt, command.ExecutedAt, command.VerifiedAt));
    }

    [Theory]
    [InlineData(Outcome.Rejected), InlineData(Outcome.Cancelled), InlineData(Outcome.Expired), InlineData(Outcome.Superseded)]
    public void Ends_without_effect_leave_started_and_executed_empty_whatever_the_report_says(Outcome outcome)
    {
        var command = Sample.Delivered(1);
        command.Report(Sample.Result(1, outcome, started: At(3), finished: At(5), verified: true), "{}", At(6));
        Assert.Equal((null, null, null, At(6)), (command.StartedAt, command.ExecutedAt, command.VerifiedAt, command.FinishedAt));
    }

    [Fact]
    public void An_unknown_that_the_agent_reports_started_but_was_not_executed()
    {
        var command = Sample.Delivered(1);
        command.Report(Sample.Result(1, Outcome.Unknown, started: At(3), finished: At(5)), "{}", At(6));
        Assert.Equal((At(3), null, UnknownWhy.AgentCrash), (command.StartedAt, command.ExecutedAt, command.UnknownWhy));
    }

    /// <summary>Delivered at 10, recorded at 20: nothing can lie outside of that.</summary>
    [Theory]
    [InlineData(0, 5, 10, 10)]
    [InlineData(12, 15, 12, 15)]
    [InlineData(12, 99, 12, 20)]
    [InlineData(99, 99, 20, 20)]
    [InlineData(-100_000_000, 100_000_000, 10, 20)]
    [InlineData(15, 12, 15, 15)]
    [InlineData(null, 15, 15, 15)]
    [InlineData(12, null, 12, 20)]
    [InlineData(null, null, 20, 20)]
    public void A_results_times_are_clamped_to_between_hand_out_and_now(int? started, int? finished, int startedAt, int executedAt)
    {
        var command = Sample.Delivered(1, at: At(10));
        command.Report(Sample.Result(1, started: started is { } s ? At(s) : null, finished: finished is { } f ? At(f) : null, verified: true), "{}", At(20));
        Assert.Equal((At(startedAt), At(executedAt), At(executedAt)), (command.StartedAt, command.ExecutedAt, command.VerifiedAt));
    }

    [Fact]
    public void A_result_without_a_start_keeps_the_start_that_holding_told()
    {
        var command = Sample.Delivered(1);
        command.Heard(At(4), started: true);
        command.Report(Sample.Result(1, finished: At(9)), "{}", At(10));
        Assert.Equal((At(4), At(9)), (command.StartedAt, command.ExecutedAt));
    }

    [Fact]
    public void A_report_raises_the_attempt_and_never_lowers_it()
    {
        var command = Sample.Delivered(1);
        command.HandOut(Sample.Reply, At(1));
        command.Report(Sample.Result(1, attempt: 1), "{}", At(2));
        Assert.Equal(2, command.Attempt);

        var rolledBack = Sample.Due(2);
        rolledBack.Report(Sample.Result(2, attempt: 3), "{}", At(2));
        Assert.Equal((3, At(2)), (rolledBack.Attempt, rolledBack.DeliveredAt));
    }

    [Fact]
    public void Withdrawing_what_was_never_handed_out_ends_it_with_the_stamp_of_the_request()
    {
        var command = Sample.Due(1);
        command.Withdraw("bo", At(5));
        Assert.Equal((CommandStatus.Cancelled, At(5), At(5), "bo"), (command.Status, command.CancelRequestedAt, command.FinishedAt, command.CancelledBy));
    }

    [Fact]
    public void Ending_a_delivered_command_only_asks_and_the_first_request_stays()
    {
        var command = Sample.Delivered(1);
        command.Withdraw("bo", At(5));
        command.Withdraw("cy", At(6));
        command.LetExpire(At(7));
        command.Overtake(9, At(8));
        Assert.Equal((CommandStatus.Delivered, At(5), CancelWhy.Cancelled, "bo", null), (command.Status, command.CancelRequestedAt, command.CancelWhy, command.CancelledBy, command.FinishedAt));
    }

    [Fact]
    public void Being_overtaken_replaces_an_expiry_but_not_the_other_way_round()
    {
        var command = Sample.Delivered(1);
        command.LetExpire(At(5));
        command.Overtake(9, At(6));
        Assert.Equal((At(5), CancelWhy.Superseded, 9L), (command.CancelRequestedAt, command.CancelWhy, command.OvertakenBy));
        command.LetExpire(At(7));
        command.Withdraw("bo", At(8));
        Assert.Equal((At(5), CancelWhy.Superseded), (command.CancelRequestedAt, command.CancelWhy));
    }

    [Fact]
    public void A_withdrawal_does_not_replace_an_expiry()
    {
        var command = Sample.Delivered(1);
        command.LetExpire(At(5));
        command.Withdraw("bo", At(6));
        Assert.Equal(CancelWhy.Expired, command.CancelWhy);
    }

    [Fact]
    public void Approval_and_giving_up_say_who_when_and_why()
    {
        var approved = Sample.New(1, needsApproval: true);
        approved.Approve("bo", "seal", At(3));
        Assert.Equal(("bo", At(3), "seal", null), (approved.ApprovedBy, approved.ApprovedAt, approved.ApprovalSeal, approved.FinishedAt));

        var given = Sample.Delivered(2);
        given.GiveUp(UnknownWhy.JournalLost, At(4));
        Assert.Equal((UnknownWhy.JournalLost, At(4), false), (given.UnknownWhy, given.FinishedAt, given.AgentMade));
        given.Report(Sample.Result(2), "{}", At(5));
        Assert.Equal((CommandStatus.Executed, null, At(5), true), (given.Status, given.UnknownWhy, given.FinishedAt, given.AgentMade));
    }
}
