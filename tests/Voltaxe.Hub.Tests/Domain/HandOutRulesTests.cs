using Voltaxe.Contracts.Commands;
using Voltaxe.Hub.Domain;

namespace Voltaxe.Hub.Tests.Lifecycle;

/// <summary>Which commands are handed out, when, and in which order (protocol, sections 1, 3 and 9).</summary>
public sealed class HandOutRulesTests
{
    private static readonly IReadOnlySet<Guid> HoldsNothing = new HashSet<Guid>();

    private static DateTimeOffset At(double seconds) => Sample.Noon.AddSeconds(seconds);

    private static long[] OnPush(DateTimeOffset now, params Command[] open) => Ids(HandOutRules.Choose(Sample.Agent(), open, null, Sample.Limits, now));

    private static long[] OnSync(DateTimeOffset now, IReadOnlySet<Guid> held, params Command[] open) => Ids(HandOutRules.Choose(Sample.Agent(), open, held, Sample.Limits, now));

    private static long[] Ids(IEnumerable<Command> commands) => [.. commands.Select(c => c.Id)];

    [Fact]
    public void What_is_pending_and_due_is_handed_out_on_every_road()
    {
        var command = Sample.Due(1);
        Assert.Equal([1], OnPush(At(0), command));
        Assert.Equal([1], OnSync(At(0), HoldsNothing, command));
    }

    [Fact]
    public void What_awaits_approval_or_its_time_or_has_expired_is_not()
    {
        Command[] open = [Sample.New(1, needsApproval: true), Sample.New(2, notBefore: At(60)), Sample.Due(3, expires: At(10))];
        Assert.Equal([], OnPush(At(10), open));
        Assert.Equal([], OnSync(At(10), HoldsNothing, open));
        Assert.Equal([3], OnSync(At(9.9), HoldsNothing, open));
    }

    [Theory]
    [InlineData(CommandStatus.Executed), InlineData(CommandStatus.Failed), InlineData(CommandStatus.Rejected), InlineData(CommandStatus.Cancelled)]
    [InlineData(CommandStatus.Expired), InlineData(CommandStatus.Superseded), InlineData(CommandStatus.Denied), InlineData(CommandStatus.Unknown)]
    public void What_has_ended_is_never_handed_out(CommandStatus state)
    {
        Assert.Equal([], OnPush(At(0), Sample.In(state)));
        Assert.Equal([], OnSync(At(0), HoldsNothing, Sample.In(state)));
    }

    [Fact]
    public void An_agent_that_is_held_or_revoked_gets_nothing()
    {
        var held = Sample.Agent();
        held.HeldBecause = Continuity.CloneSuspected;
        var revoked = Sample.Agent();
        revoked.RevokedAt = Sample.Noon;
        Assert.Empty(HandOutRules.Choose(held, [Sample.Due(1)], HoldsNothing, Sample.Limits, At(0)));
        Assert.Empty(HandOutRules.Choose(revoked, [Sample.Due(1)], HoldsNothing, Sample.Limits, At(0)));
    }

    [Fact]
    public void What_a_reply_carried_and_the_agent_does_not_hold_is_handed_out_again_at_once_but_only_in_a_sync()
    {
        var command = Sample.Delivered(1);
        Assert.Equal([1], OnSync(At(0), HoldsNothing, command));
        Assert.Equal([], OnPush(At(600), command));
    }

    [Fact]
    public void What_an_older_session_carried_is_handed_out_again_at_once_in_a_sync()
    {
        var command = Sample.Delivered(1, to: Sample.Push(session: 0));
        Assert.Equal([1], OnSync(At(0), HoldsNothing, command));
        Assert.Equal([], OnPush(At(600), command));
    }

    [Fact]
    public void What_the_agent_holds_is_not_handed_out_again_however_long_it_runs()
    {
        var command = Sample.Delivered(1, to: Sample.Push());
        command.Heard(At(1), started: true);
        var held = new HashSet<Guid> { command.Uid };
        foreach (var later in new[] { 1.0, 5, 60, 3_600, 71 * 3_600 })
        {
            Assert.Equal([], OnSync(At(later), held, command));
            Assert.Equal([], OnPush(At(later), command));
        }
    }

    [Fact]
    public void A_push_counts_as_lost_after_five_seconds_on_every_road_and_not_before()
    {
        var command = Sample.Delivered(1, to: Sample.Push());
        Assert.Equal([], OnPush(At(4.999), command));
        Assert.Equal([], OnSync(At(4.999), HoldsNothing, command));
        Assert.Equal([1], OnPush(At(5), command));
        Assert.Equal([1], OnSync(At(5), HoldsNothing, command));
    }

    [Fact]
    public void The_wait_for_a_lost_push_doubles_up_to_a_minute()
    {
        var limits = Sample.Limits with { HandOutsBeforeAlone = 100 };
        var command = Sample.Due(1);
        var now = 0.0;
        foreach (var wait in new[] { 5, 10, 20, 40, 60, 60, 60 })
        {
            command.HandOut(Sample.Push(), At(now));
            Assert.Empty(HandOutRules.Choose(Sample.Agent(), [command], null, limits, At(now + wait - 0.001)));
            now += wait;
            Assert.NotEmpty(HandOutRules.Choose(Sample.Agent(), [command], null, limits, At(now)));
        }
    }

    [Fact]
    public void A_word_of_the_agent_starts_the_count_of_lost_hand_outs_anew()
    {
        var command = Sample.Delivered(1, to: Sample.Push());
        command.HandOut(Sample.Push(), At(5));
        command.Heard(At(6), started: false);
        Assert.Equal(0, command.Unheard);
        // It said so and then did not hold it any more: its journal lost it, and the next sync brings it back at once.
        Assert.Equal([1], OnSync(At(7), HoldsNothing, command));
    }

    [Fact]
    public void After_three_unheard_hand_outs_a_command_goes_alone_after_all_others_at_most_once_a_minute()
    {
        var poison = Sample.Due(1, CommandNames.KillProcess, priority: 10);
        foreach (var at in new[] { 0, 1, 2 })
            poison.HandOut(Sample.Reply, At(at));
        var isolate = Sample.Due(2);
        var kill = Sample.Due(3, CommandNames.KillProcess);

        Assert.Equal([], OnSync(At(61.9), HoldsNothing, poison));
        Assert.Equal([2, 3], OnSync(At(62), HoldsNothing, poison, isolate, kill));
        Assert.Equal([1], OnSync(At(62), HoldsNothing, poison));

        poison.HandOut(Sample.Reply, At(62));
        Assert.Equal([], OnSync(At(121.9), HoldsNothing, poison));
        Assert.Equal([1], OnSync(At(122), HoldsNothing, poison));
    }

    [Fact]
    public void Of_two_that_crash_the_agent_only_one_goes_at_a_time_the_longest_waiting_first()
    {
        var (one, two) = (Sample.Due(1, CommandNames.KillProcess), Sample.Due(2, CommandNames.KillProcess));
        foreach (var at in new[] { 0, 1, 2 })
        {
            one.HandOut(Sample.Reply, At(at + 3));
            two.HandOut(Sample.Reply, At(at));
        }
        Assert.Equal([2], OnSync(At(100), HoldsNothing, one, two));
        two.HandOut(Sample.Reply, At(100));
        Assert.Equal([1], OnSync(At(100), HoldsNothing, one, two));
    }

    [Fact]
    public void What_is_asked_to_end_is_not_handed_out_again()
    {
        var (cancelled, expired, overtaken) = (Sample.Delivered(1), Sample.Delivered(2, CommandNames.KillProcess), Sample.Delivered(3));
        cancelled.Withdraw("bo", At(1));
        expired.LetExpire(At(1));
        overtaken.Overtake(9, At(1));
        Assert.Equal([], OnSync(At(2), HoldsNothing, cancelled, expired, overtaken));
    }

    [Fact]
    public void What_went_out_on_the_seeds_route_never_goes_out_again_on_any_road()
    {
        var command = Sample.Delivered(1, to: Sample.SeedPoll);
        Assert.Equal([], OnSync(At(0), HoldsNothing, command));
        Assert.Equal([], OnSync(At(600), HoldsNothing, command));
        Assert.Equal([], OnPush(At(600), command));
    }

    [Fact]
    public void A_lane_keeps_the_order_of_intent_whatever_the_priorities_and_lanes_go_by_the_priority_of_their_head()
    {
        Command[] open =
        [
            Sample.Due(1, CommandNames.CollectForensics, seq: 10, priority: 3),
            Sample.Due(2, CommandNames.KillProcess, seq: 20, priority: 8),
            Sample.Due(3, CommandNames.KillProcess, seq: 15, priority: 1),
            Sample.Due(4, CommandNames.NetworkIsolate, seq: 40, priority: 10),
            Sample.Due(5, CommandNames.NetworkRestore, seq: 30, priority: 5),
        ];
        // Network head: restore 5, then isolate 10. Process head: priority 1 first, because it is the older.
        Assert.Equal([5, 4, 1, 3, 2], OnSync(At(0), HoldsNothing, open));
        Assert.Equal([5, 4, 1, 3, 2], OnSync(At(0), HoldsNothing, [.. open.Reverse()]));
    }

    [Fact]
    public void Between_lanes_of_the_same_priority_the_older_goes_first() => Assert.Equal([2, 1, 3], OnSync(At(0), HoldsNothing,
        Sample.Due(1, CommandNames.CollectForensics, seq: 20, priority: 5),
        Sample.Due(2, CommandNames.KillProcess, seq: 10, priority: 5),
        Sample.Due(3, CommandNames.NetworkRestore, seq: 30, priority: 5)));

    [Fact]
    public void One_hand_out_is_bounded_in_number_and_size_and_never_empty_for_that()
    {
        var limits = Sample.Limits with { MaxCommandsPerHandOut = 3, MaxPayloadPerHandOut = 100 };
        Command[] small = [.. Enumerable.Range(1, 5).Select(i => Sample.Due(i, CommandNames.KillProcess, payload: new string('p', 10)))];
        Command[] big = [.. Enumerable.Range(1, 5).Select(i => Sample.Due(i, CommandNames.KillProcess, payload: new string('p', 60)))];
        Command[] huge = [.. Enumerable.Range(1, 5).Select(i => Sample.Due(i, CommandNames.KillProcess, payload: new string('p', 500)))];
        Assert.Equal([1, 2, 3], Ids(HandOutRules.Choose(Sample.Agent(), small, HoldsNothing, limits, At(0))));
        Assert.Equal([1], Ids(HandOutRules.Choose(Sample.Agent(), big, HoldsNothing, limits, At(0))));
        Assert.Equal([1], Ids(HandOutRules.Choose(Sample.Agent(), huge, HoldsNothing, limits, At(0))));
    }
}
