using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Crypto;
using Voltaxe.Contracts.Json;
using System.Text.Json;
using Voltaxe.Hub.Domain;
using AgentRow = Voltaxe.Hub.Domain.Agent;

namespace Voltaxe.Hub.Tests.Lifecycle;

/// <summary>The last intent wins: what becoming due and being created do to the other network commands of the agent.</summary>
public sealed class IntentTests
{
    private static DateTimeOffset At(double seconds) => Sample.Noon.AddSeconds(seconds);

    private static void Due(AgentRow agent, Command command, DateTimeOffset now, params Command[] open) =>
        Intent.MakeDue(command, agent, open, "hub-1", bytes => ("key-1", $"signed {bytes.Length}"), now);

    private static long Micros(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(-5, -7, 0)]
    [InlineData(5, -7, 6)]
    [InlineData(-5, 7, 8)]
    [InlineData(7, 7, 8)]
    [InlineData(0, -1, 1)]
    public void A_seq_is_after_everything_drawn_and_everything_the_agent_saw_and_not_before_now(long lastFromNow, long highestFromNow, long expectedFromNow)
    {
        var agent = Sample.Agent();
        var now = Micros(Sample.Noon);
        agent.LastSeq = now + lastFromNow;
        agent.HighestSeq = now + highestFromNow;
        var expected = now + Math.Max(expectedFromNow, Math.Max(lastFromNow + 1, highestFromNow + 1));
        Assert.Equal(expected, agent.DrawSeq(Sample.Noon));
        Assert.Equal(expected + 1, agent.DrawSeq(Sample.Noon));
    }

    [Fact]
    public void A_seq_never_falls_when_the_hubs_clock_does()
    {
        var agent = Sample.Agent();
        var first = agent.DrawSeq(At(0));
        Assert.Equal(first + 1, agent.DrawSeq(At(-3_600)));
    }

    [Fact]
    public void The_envelope_says_what_was_ordered_to_whom_and_until_when()
    {
        var (agent, command) = (Sample.Agent(), Sample.New(1, CommandNames.KillProcess));
        Due(agent, command, At(5));
        Assert.True(Base64UrlText.TryDecode(command.Payload!, out var bytes));
        var payload = JsonSerializer.Deserialize(bytes, WireJson.Default.CommandPayload)!;
        Assert.Equal((1, "hub-1", agent.Id, command.Id, command.Uid, command.Seq, command.Name, command.Reason, command.CreatedBy),
            (payload.V, payload.HubId, payload.AgentId, payload.Id, payload.Uid, payload.Seq, payload.Command, payload.Reason, payload.IssuedBy));
        Assert.Equal((command.CreatedAt, At(5).AddMinutes(15)), (payload.IssuedAt, payload.ExpiresAt));
        Assert.Equal((payload.ExpiresAt, "key-1", $"signed {bytes.Length}"), (command.ExpiresAt, command.KeyId, command.Signature));
    }

    [Fact]
    public void Lifetimes_and_priorities_are_the_protocols()
    {
        Assert.Equal((72, 72, 24, 0.25), (Hours(CommandNames.NetworkIsolate), Hours(CommandNames.NetworkRestore), Hours(CommandNames.CollectForensics), Hours(CommandNames.KillProcess)));
        Assert.Equal([10, 5, 8, 3], CommandNames.All.Select(DeliveryLimits.PriorityOf));

        static double Hours(string command) => Sample.Limits.LifetimeOf(command).TotalHours;
    }

    /// <summary>Every pair of network commands, in both priorities: the earlier never outlives the later.</summary>
    [Theory]
    [InlineData(CommandNames.NetworkIsolate, CommandNames.NetworkRestore), InlineData(CommandNames.NetworkRestore, CommandNames.NetworkIsolate)]
    [InlineData(CommandNames.NetworkIsolate, CommandNames.NetworkIsolate), InlineData(CommandNames.NetworkRestore, CommandNames.NetworkRestore)]
    public void The_later_network_command_supersedes_a_pending_one_and_asks_a_delivered_one_to_end(string earlier, string later)
    {
        foreach (var (high, low) in new[] { (10, 0), (0, 10), (5, 5) })
        {
            var agent = Sample.Agent();
            var (pending, delivered, newest) = (Sample.New(1, earlier, priority: high), Sample.New(2, earlier, priority: high), Sample.New(3, later, priority: low));
            Due(agent, delivered, At(0));
            delivered.HandOut(Sample.Reply, At(0));
            Due(agent, pending, At(0));
            Due(agent, newest, At(0), pending, delivered, newest);
            Assert.Equal((CommandStatus.Superseded, 3L), (pending.Status, pending.OvertakenBy));
            Assert.Equal((CommandStatus.Delivered, Contracts.Wire.CancelWhy.Superseded, 3L), (delivered.Status, delivered.CancelWhy, delivered.OvertakenBy));
            Assert.Equal(CommandStatus.Pending, newest.Status);
            Assert.Equal((later == CommandNames.NetworkIsolate, 3L), (agent.WantedIsolated, agent.WantedBy));
            Assert.True(newest.Seq > pending.Seq && pending.Seq > delivered.Seq);
        }
    }

    [Theory]
    [InlineData(CommandNames.KillProcess), InlineData(CommandNames.CollectForensics)]
    public void Other_lanes_supersede_nothing_and_are_not_superseded(string name)
    {
        var agent = Sample.Agent();
        var (restore, other, isolate) = (Sample.New(1, CommandNames.NetworkRestore), Sample.New(2, name), Sample.New(3));
        Due(agent, restore, At(0));
        Due(agent, other, At(1), restore);
        Assert.Equal(CommandStatus.Pending, restore.Status);
        Assert.Equal(1, agent.WantedBy);
        Due(agent, isolate, At(2), restore, other);
        Assert.Equal((CommandStatus.Superseded, CommandStatus.Pending), (restore.Status, other.Status));
    }

    [Fact]
    public void What_is_not_due_yet_is_not_superseded_by_what_becomes_due_and_then_wins_as_the_later_intent()
    {
        var agent = Sample.Agent();
        var (scheduledIsolate, restore) = (Sample.New(1, notBefore: At(60)), Sample.New(2, CommandNames.NetworkRestore));
        Due(agent, restore, At(0), scheduledIsolate);
        Assert.Equal(CommandStatus.Pending, scheduledIsolate.Status);
        Due(agent, scheduledIsolate, At(60), restore);
        Assert.Equal((CommandStatus.Superseded, CommandStatus.Pending), (restore.Status, scheduledIsolate.Status));
    }

    [Fact]
    public void Creating_an_isolate_supersedes_restores_that_are_scheduled_or_await_approval()
    {
        var (scheduled, awaiting, isolate) = (Sample.New(1, CommandNames.NetworkRestore, notBefore: At(60)), Sample.New(2, CommandNames.NetworkRestore, needsApproval: true), Sample.New(3));
        Intent.Created(isolate, [scheduled, awaiting, isolate], At(1));
        Assert.Equal((CommandStatus.Superseded, CommandStatus.Superseded, CommandStatus.Pending), (scheduled.Status, awaiting.Status, isolate.Status));
        Assert.Equal((3L, 3L, At(1)), (scheduled.OvertakenBy, awaiting.OvertakenBy, scheduled.FinishedAt));
    }

    [Fact]
    public void Creating_an_isolate_that_is_itself_scheduled_or_awaits_approval_does_so_too()
    {
        var (one, two) = (Sample.New(1, CommandNames.NetworkRestore, notBefore: At(60)), Sample.New(2, CommandNames.NetworkRestore, needsApproval: true));
        Intent.Created(Sample.New(3, notBefore: At(30)), [one], At(1));
        Intent.Created(Sample.New(4, needsApproval: true), [two], At(1));
        Assert.Equal((CommandStatus.Superseded, CommandStatus.Superseded), (one.Status, two.Status));
    }

    [Fact]
    public void Creating_an_isolate_leaves_due_restores_other_isolates_and_other_lanes_to_what_becomes_due()
    {
        Command[] others =
        [
            Sample.Due(1, CommandNames.NetworkRestore), Sample.Delivered(2, CommandNames.NetworkRestore), Sample.New(3, notBefore: At(60)),
            Sample.New(4, CommandNames.KillProcess, notBefore: At(60)), Sample.In(CommandStatus.Denied, 5),
        ];
        var before = others.Select(c => c.Look()).ToList();
        Intent.Created(Sample.New(9), others, At(1));
        Assert.Equal(before, others.Select(c => c.Look()));
    }

    [Theory]
    [InlineData(CommandNames.NetworkRestore), InlineData(CommandNames.KillProcess), InlineData(CommandNames.CollectForensics)]
    public void Creating_anything_but_an_isolate_supersedes_nothing(string name)
    {
        var scheduled = Sample.New(1, CommandNames.NetworkRestore, notBefore: At(60));
        Intent.Created(Sample.New(2, name), [scheduled], At(1));
        Assert.Equal(CommandStatus.Pending, scheduled.Status);
    }

    [Theory]
    [InlineData(CommandStatus.Cancelled, false), InlineData(CommandStatus.Expired, false), InlineData(CommandStatus.Rejected, false)]
    [InlineData(CommandStatus.Executed, true), InlineData(CommandStatus.Failed, true), InlineData(CommandStatus.Unknown, true)]
    public void An_isolate_that_ended_without_effect_asks_for_nothing_any_more(CommandStatus ended, bool stillWanted)
    {
        var agent = Sample.Agent();
        var isolate = Sample.In(ended);
        (agent.WantedIsolated, agent.WantedBy, agent.Isolated) = (true, isolate.Id, false);
        Intent.Ended(isolate, agent);
        Assert.Equal(stillWanted, agent.WantedIsolated);
    }

    [Fact]
    public void The_end_of_an_older_command_does_not_touch_what_a_newer_one_asks()
    {
        var agent = Sample.Agent();
        (agent.WantedIsolated, agent.WantedBy) = (true, 7);
        Intent.Ended(Sample.In(CommandStatus.Expired), agent);
        Assert.True(agent.WantedIsolated);
    }
}
