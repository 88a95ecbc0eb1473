using System.Text.Json;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Domain;

namespace Voltaxe.Hub.Tests.Lifecycle;

/// <summary>What becomes of a reported result (protocol, sections 2, 3 and 9).</summary>
public sealed class RecordingTests
{
    private static readonly DateTimeOffset Later = Sample.Noon.AddMinutes(1);

    private static Recorded Record(Command? command, Outcome outcome, int attempt = 1, string? message = "done", string agent = Sample.AgentId) =>
        Recording.Apply(command, agent, Sample.Result(1, outcome, attempt) with { Message = message }, Later);

    public static TheoryData<Outcome> Outcomes() => [.. Enum.GetValues<Outcome>()];

    public static TheoryData<Outcome, Outcome> Pairs()
    {
        var pairs = new TheoryData<Outcome, Outcome>();
        foreach (var first in Enum.GetValues<Outcome>())
            foreach (var second in Enum.GetValues<Outcome>())
                pairs.Add(first, second);
        return pairs;
    }

    [Theory]
    [MemberData(nameof(Outcomes))]
    public void The_first_report_ends_a_delivered_command(Outcome outcome)
    {
        var command = Sample.Delivered(1);
        Assert.Equal(Recorded.New, Record(command, outcome));
        Assert.Equal((CommandLifecycle.StatusOf(outcome), true), (command.Status, command.AgentMade));
        var result = JsonElement.Parse(command.Result!);
        Assert.Equal((outcome == Outcome.Executed, "done"), (result.GetProperty("success").GetBoolean(), result.GetProperty("message").GetString()));
    }

    /// <summary>The same outcome is a repeat, whatever else it says, and the first is kept; another outcome is a contradiction.</summary>
    [Theory]
    [MemberData(nameof(Pairs))]
    public void A_second_report_changes_nothing(Outcome first, Outcome second)
    {
        var command = Sample.Delivered(1);
        Record(command, first);
        var before = command.Look();
        var what = Record(command, second, attempt: 7, message: "other words");
        Assert.Equal(first == second ? Recorded.Repeat : Recorded.Conflict, what);
        Assert.Equal(before, command.Look());
    }

    [Theory]
    [MemberData(nameof(Outcomes))]
    public void A_report_corrects_an_unknown_that_the_hub_concluded(Outcome outcome)
    {
        foreach (var why in new[] { UnknownWhy.NoReport, UnknownWhy.JournalLost, UnknownWhy.AgentRetired })
        {
            var command = Sample.Delivered(1);
            command.GiveUp(why, Sample.Noon);
            Assert.Equal(Recorded.Correction, Record(command, outcome));
            Assert.Equal((CommandLifecycle.StatusOf(outcome), Later), (command.Status, command.FinishedAt));
            Assert.Equal(Recorded.Repeat, Record(command, outcome));
        }
    }

    [Theory]
    [InlineData(CommandStatus.AwaitingApproval), InlineData(CommandStatus.Pending), InlineData(CommandStatus.Cancelled)]
    [InlineData(CommandStatus.Expired), InlineData(CommandStatus.Superseded), InlineData(CommandStatus.Denied)]
    public void A_report_of_what_the_hub_never_handed_out_wins_and_tells_of_a_rollback(CommandStatus shown)
    {
        foreach (var outcome in Enum.GetValues<Outcome>())
        {
            var command = Sample.In(shown);
            Assert.Equal(Recorded.Rollback, Record(command, outcome, attempt: 3));
            Assert.Equal((CommandLifecycle.StatusOf(outcome), 3, Later, true), (command.Status, command.Attempt, command.DeliveredAt, command.AgentMade));
            Assert.Equal(Recorded.Repeat, Record(command, outcome, attempt: 3));
        }
    }

    [Fact]
    public void A_uid_that_nobody_knows_and_one_of_another_agent_change_nothing()
    {
        Assert.Equal(Recorded.UnknownUid, Record(null, Outcome.Executed));
        foreach (var state in Enum.GetValues<CommandStatus>())
        {
            var command = Sample.In(state);
            var before = command.Look();
            Assert.Equal(Recorded.NotYours, Record(command, Outcome.Executed, agent: "a-other"));
            Assert.Equal(before, command.Look());
        }
    }

    [Fact]
    public void What_was_asked_to_end_ends_as_the_agent_says()
    {
        var (ended, carriedOn) = (Sample.Delivered(1), Sample.Delivered(1));
        ended.Withdraw("bo", Sample.Noon);
        carriedOn.Withdraw("bo", Sample.Noon);
        Assert.Equal(Recorded.New, Record(ended, Outcome.Cancelled));
        Assert.Equal(Recorded.New, Record(carriedOn, Outcome.Executed));
        Assert.Equal((CommandStatus.Cancelled, CommandStatus.Executed), (ended.Status, carriedOn.Status));
        Assert.Equal(Sample.Noon, carriedOn.CancelRequestedAt);
    }

    [Fact]
    public void A_result_of_any_attempt_counts()
    {
        var command = Sample.Delivered(1);
        command.HandOut(Sample.Reply, Sample.Noon);
        command.HandOut(Sample.Reply, Sample.Noon);
        Assert.Equal(Recorded.New, Record(command, Outcome.Executed, attempt: 2));
        Assert.Equal(3, command.Attempt);
    }
}
