using Voltaxe.Agent.Execution.Journalling;
using Voltaxe.Agent.Execution.Ledgers;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;
using static Voltaxe.Agent.Tests.Execution.Orders;

namespace Voltaxe.Agent.Tests.Execution;

public sealed class LedgerTests
{
    private static readonly Ledger Empty = Ledger.New(Epoch);

    [Fact]
    public void A_command_runs_once_from_envelope_to_recorded()
    {
        var ledger = Empty.Comes(1);
        var start = ledger.Start(Noon);
        Assert.Equal([Uid(1)], start.Starts.Select(s => s.Uid));
        ledger = ledger.Apply(start.Records).Ends(1);
        Assert.Equal(Outcome.Executed, ledger.OutcomeOf(1));
        Assert.Single(ledger.Open);
        Assert.Empty(ledger.Recorded(1).Open);
        Assert.Empty(ledger.Recorded(1).Start(Noon).Starts);
    }

    [Fact]
    public void A_uid_in_the_journal_is_answered_from_it_and_never_run_again()
    {
        var ledger = Empty.Comes(1).Starts().Ends(1).Recorded(1);
        var again = ledger.OnEnvelope(Envelope(1, attempt: 3));
        Assert.Equal(NextStep.Tell, again.Next);
        ledger = ledger.Apply(again.Records);
        var told = Assert.Single(ledger.Open);
        Assert.Equal((3, Outcome.Executed), (told.Report.Attempt, told.Report.Outcome));
        Assert.Empty(ledger.Start(Noon).Starts);
    }

    [Theory]
    [InlineData("received")]
    [InlineData("started")]
    public void A_copy_of_what_is_here_is_not_verified_again(string state)
    {
        var ledger = Empty.Comes(1);
        if (state == "started")
            ledger = ledger.Starts();
        Assert.Equal(NextStep.Tell, ledger.OnEnvelope(Envelope(1)).Next);
        Assert.Empty(ledger.OnEnvelope(Envelope(1)).Records);
        Assert.Equal(2, ledger.Apply(ledger.OnEnvelope(Envelope(1, attempt: 2)).Records).Find(Uid(1))!.Attempt);
    }

    [Fact]
    public void Envelopes_and_cancels_of_another_epoch_are_not_journalled()
    {
        Assert.Same(Decision.Nothing, Empty.OnEnvelope(Envelope(1, epoch: "other")));
        Assert.Same(Decision.Nothing, Empty.OnCancel(new CancelOrder(Uid(1), "other", CancelWhy.Cancelled), Noon));
    }

    [Fact]
    public void What_does_not_verify_is_rejected_and_raises_nothing()
    {
        var ledger = Empty.Apply(Empty.OnEnvelope(Envelope(1)).Records);
        ledger = ledger.Apply(ledger.OnVerified(Envelope(1), Verdict.Untrusted("signature"), Noon).Records);
        Assert.Equal(Outcome.Rejected, ledger.OutcomeOf(1));
        Assert.Equal((0, 0), (ledger.Mark, ledger.HighestSeq));
    }

    [Fact]
    public void What_is_refused_raises_the_highest_seq_but_not_the_mark()
    {
        var ledger = Empty.Apply(Empty.OnEnvelope(Envelope(1)).Records);
        ledger = ledger.Apply(ledger.OnVerified(Envelope(1), Verdict.Refuse(Command(1, seq: 70), "not here"), Noon).Records);
        Assert.Equal(Outcome.Rejected, ledger.OutcomeOf(1));
        Assert.Equal((0, 70), (ledger.Mark, ledger.HighestSeq));
    }

    [Fact]
    public void What_comes_too_late_expires_without_starting()
    {
        var ledger = Empty.Comes(1, expires: Noon);
        Assert.Equal(Outcome.Expired, ledger.OutcomeOf(1));
        Assert.Null(ledger.Find(Uid(1))!.Result!.StartedAt);
        Assert.Empty(ledger.Start(Noon).Starts);
    }

    [Fact]
    public void Nothing_starts_past_its_time_even_when_it_came_in_time()
    {
        var ledger = Empty.Comes(1, expires: Noon.AddMinutes(1));
        var start = ledger.Start(Noon.AddMinutes(1));
        Assert.Empty(start.Starts);
        Assert.Equal(Outcome.Expired, ledger.Apply(start.Records).OutcomeOf(1));
    }

    [Fact]
    public void Without_hub_time_what_was_received_waits_and_what_had_started_goes_on()
    {
        var ledger = Empty.Comes(1, CommandNames.KillProcess).Comes(2).Starts().Comes(3, CommandNames.NetworkRestore).Crashes();
        var start = ledger.Start(null);
        Assert.Equal([Uid(2), Uid(1)], start.Starts.Select(s => s.Uid));
        Assert.All(start.Starts, s => Assert.True(s.Resumed));
        Assert.Empty(Empty.Comes(1).Start(null).Starts);
        Assert.Empty(Empty.Comes(1).Start(null).Records);
    }

    [Fact]
    public void A_newer_network_command_ends_older_unstarted_ones()
    {
        var ledger = Empty.Comes(1, CommandNames.NetworkRestore).Comes(2);
        Assert.Equal(Outcome.Superseded, ledger.OutcomeOf(1));
        Assert.Equal([Uid(2)], ledger.Start(Noon).Starts.Select(s => s.Uid));
    }

    [Fact]
    public void A_network_command_below_the_mark_is_reported_superseded()
    {
        var ledger = Empty.Comes(5).Starts().Ends(5).Recorded(5).Comes(4, CommandNames.NetworkRestore);
        Assert.Equal(Outcome.Superseded, ledger.OutcomeOf(4));
        Assert.Equal((5, 5), (ledger.Mark, ledger.HighestSeq));
        Assert.Equal([Uid(4)], ledger.Open.Select(e => e.Uid));
    }

    [Fact]
    public void An_expired_but_allowed_network_command_still_overtakes_older_ones()
    {
        var ledger = Empty.Comes(1, CommandNames.NetworkRestore).Comes(2, expires: Noon);
        Assert.Equal((Outcome.Superseded, Outcome.Expired), (ledger.OutcomeOf(1), ledger.OutcomeOf(2)));
    }

    [Fact]
    public void Restore_and_isolate_in_every_order_of_arrival_leave_the_host_as_last_asked()
    {
        foreach (var order in Permutations([1, 2, 3]))
        {
            var ledger = order.Aggregate(Empty, (l, n) => l.Comes(n, n == 2 ? CommandNames.NetworkRestore : CommandNames.NetworkIsolate));
            Assert.Equal([Uid(3)], ledger.Start(Noon).Starts.Select(s => s.Uid));
            Assert.Equal((Outcome.Superseded, Outcome.Superseded), (ledger.OutcomeOf(1), ledger.OutcomeOf(2)));
        }
    }

    [Fact]
    public void A_torn_write_that_raised_the_mark_but_lost_the_rest_still_ends_the_older_one()
    {
        var ledger = Empty.Comes(1, CommandNames.NetworkRestore);
        ledger = ledger.Apply(ledger.OnEnvelope(Envelope(2)).Records);
        var written = ledger.OnVerified(Envelope(2), Verdict.Accept(Command(2)), Noon).Records;
        ledger = ledger.Apply(written[0]).Crashes(Noon);
        ledger = ledger.Apply(ledger.Start(Noon).Records);
        Assert.Equal((Outcome.Superseded, EntryState.Started), (ledger.OutcomeOf(1), ledger.Find(Uid(2))!.State));
    }

    [Fact]
    public void Process_and_collect_run_as_they_came_one_at_a_time_beside_the_network_lane()
    {
        var ledger = Empty.Comes(9, CommandNames.KillProcess).Comes(3, CommandNames.KillProcess).Comes(4, CommandNames.CollectForensics).Comes(5, CommandNames.NetworkRestore);
        var start = ledger.Start(Noon);
        Assert.Equal([Uid(9), Uid(5), Uid(4)], start.Starts.Select(s => s.Uid));
        ledger = ledger.Apply(start.Records);
        Assert.Empty(ledger.Start(Noon).Starts);
        Assert.Equal([Uid(3)], ledger.Ends(9).Start(Noon).Starts.Select(s => s.Uid));
    }

    [Fact]
    public void A_network_command_waits_for_the_one_that_is_running()
    {
        var ledger = Empty.Comes(1).Starts().Comes(2, CommandNames.NetworkRestore);
        Assert.Empty(ledger.Start(Noon).Starts);
        Assert.Equal([Uid(2)], ledger.Ends(1).Start(Noon).Starts.Select(s => s.Uid));
    }

    [Theory]
    [InlineData(CancelWhy.Cancelled, Outcome.Cancelled)]
    [InlineData(CancelWhy.Expired, Outcome.Expired)]
    [InlineData(CancelWhy.Superseded, Outcome.Superseded)]
    public void A_cancel_ends_what_has_not_started_and_blocks_what_has_not_come(CancelWhy why, Outcome outcome)
    {
        var received = Empty.Comes(1);
        received = received.Apply(received.OnCancel(new CancelOrder(Uid(1), Epoch, why), Noon).Records);
        Assert.Equal(outcome, received.OutcomeOf(1));
        Assert.Empty(received.Start(Noon).Starts);

        var unknown = Empty.Apply(Empty.OnCancel(new CancelOrder(Uid(1), Epoch, why), Noon).Records);
        Assert.Equal(outcome, unknown.OutcomeOf(1));
        var late = unknown.OnEnvelope(Envelope(1));
        Assert.Equal(NextStep.Tell, late.Next);
        Assert.Empty(unknown.Apply(late.Records).Start(Noon).Starts);
    }

    [Fact]
    public void A_cancel_of_what_has_started_changes_nothing_and_of_what_was_recorded_tells_again()
    {
        var order = new CancelOrder(Uid(1), Epoch, CancelWhy.Cancelled);
        var started = Empty.Comes(1).Starts();
        Assert.Empty(started.OnCancel(order, Noon).Records);
        var recorded = started.Ends(1).Recorded(1);
        var told = recorded.Apply(recorded.OnCancel(order, Noon).Records);
        Assert.Equal(Outcome.Executed, Assert.Single(told.Open).Report.Outcome);
    }

    [Fact]
    public void Three_crashes_while_verifying_make_it_rejected_and_other_crashes_do_not_count()
    {
        var ledger = Empty;
        for (var crash = 1; crash <= 3; crash++)
        {
            Assert.Equal(NextStep.Verify, ledger.OnEnvelope(Envelope(1)).Next);
            ledger = ledger.Apply(ledger.OnEnvelope(Envelope(1)).Records).Crashes();
            Assert.Equal(crash, ledger.Find(Uid(1))!.SeenCrashes);
            ledger = ledger.Crashes();
            Assert.Equal(crash, ledger.Find(Uid(1))!.SeenCrashes);
        }
        Assert.Equal(Outcome.Rejected, ledger.OutcomeOf(1));
        Assert.Equal(NextStep.Tell, ledger.OnEnvelope(Envelope(1, attempt: 4)).Next);
        Assert.Equal(3, ledger.Events.Length);
    }

    [Fact]
    public void Three_crashes_while_running_make_it_unknown_and_the_lane_goes_on()
    {
        var ledger = Empty.Comes(1, CommandNames.KillProcess).Comes(2, CommandNames.KillProcess).Starts();
        for (var crash = 1; crash < 3; crash++)
        {
            ledger = ledger.Crashes(Noon);
            var start = ledger.Start(Noon);
            Assert.True(Assert.Single(start.Starts).Resumed);
            ledger = ledger.Apply(start.Records);
        }
        ledger = ledger.Crashes(Noon);
        Assert.Equal(Outcome.Unknown, ledger.OutcomeOf(1));
        Assert.StartsWith("agent_crash", ledger.Find(Uid(1))!.Result!.Message, StringComparison.Ordinal);
        Assert.Equal([Uid(2)], ledger.Start(Noon).Starts.Select(s => s.Uid));
    }

    [Fact]
    public void An_orderly_stop_is_not_a_crash()
    {
        var ledger = Empty.Comes(1, CommandNames.CollectForensics).Starts();
        ledger = ledger.Apply(ledger.OnPaused(Uid(1)).Records).Crashes();
        Assert.Equal(0, ledger.Find(Uid(1))!.StartCrashes);
        Assert.True(Assert.Single(ledger.Start(Noon).Starts).Resumed);
        Assert.Empty(ledger.Events);
    }

    [Fact]
    public void A_dropped_result_is_not_sent_again_but_its_entry_stays()
    {
        var ledger = Empty.Comes(1).Starts().Ends(1);
        ledger = ledger.Apply(ledger.OnDrop(new DropNotice(Uid(1), DropWhy.Conflict), Noon).Records);
        Assert.Empty(ledger.Open);
        Assert.Equal(ToldHow.Conflict, ledger.Find(Uid(1))!.Told);
    }

    [Fact]
    public void The_first_end_stays_and_a_second_one_is_not_journalled()
    {
        var ledger = Empty.Comes(1).Starts().Ends(1);
        Assert.Empty(ledger.OnFinished(Result(1, Outcome.Failed)).Records);
        Assert.Equal(Outcome.Executed, ledger.Apply(new Finished(Uid(1), 1, Result(1, Outcome.Failed))).OutcomeOf(1));
    }

    [Fact]
    public void Only_what_the_journal_waits_for_is_marked_recorded()
    {
        var ledger = Empty.Comes(1).Starts();
        Assert.Empty(ledger.OnRecorded([Uid(1).ToString(), Uid(7).ToString(), "nonsense"], Noon).Records);
    }

    [Fact]
    public void Entries_stay_35_days_after_the_hub_recorded_them_and_open_ones_for_ever()
    {
        var ledger = Empty.Comes(1, CommandNames.NetworkRestore).Starts().Ends(1).Recorded(1).Comes(2, CommandNames.KillProcess).Starts().Ends(2);
        Guid[] Kept(DateTimeOffset? at) => [.. Ledger.Fold(ledger.Compact(at)).Entries.Keys.Order()];
        Assert.Equal([Uid(1), Uid(2)], Kept(Noon.AddDays(35)));
        Assert.Equal([Uid(2)], Kept(Noon.AddDays(35).AddSeconds(1)));
        Assert.Equal([Uid(1), Uid(2)], Kept(null));
        Assert.Equal((1, Uid(1)), (Ledger.Fold(ledger.Compact(Noon.AddYears(1))).Mark, ledger.MarkUid));
    }

    [Fact]
    public void The_journal_says_whether_the_host_is_isolated_however_long_ago_that_was()
    {
        JournalledIsolation Says(Ledger ledger) => Ledger.Fold(ledger.Compact(Noon.AddYears(1))).Isolation;
        Assert.Equal(JournalledIsolation.Silent, Says(Empty));
        var isolated = Empty.Comes(1).Starts().Ends(1).Recorded(1);
        Assert.Equal(JournalledIsolation.Isolated, Says(isolated));
        // One that failed changed nothing; one that is under way will tell.
        Assert.Equal(JournalledIsolation.Isolated, Says(isolated.Comes(2).Starts().Apply(new Finished(Uid(2), 1, Result(2, Outcome.Failed)))));
        Assert.Equal(JournalledIsolation.Silent, Says(isolated.Comes(2).Starts()));
        Assert.Equal(JournalledIsolation.Restored, isolated.Comes(2, CommandNames.NetworkRestore).Starts().Ends(2).Isolation);
        Assert.Equal(JournalledIsolation.Restored, isolated.Apply(new TimerFired(Uid(1))).Isolation);
        var code = new CodeUsed("n", Uid(1), 99, Noon.AddDays(1));
        Assert.Equal(JournalledIsolation.Isolated, isolated.Apply(code).Isolation);
        Assert.Equal(JournalledIsolation.Restored, isolated.Apply(code).Apply(new CodeDone("n")).Isolation);
        // Nobody knows how it went, or it was only pretended: the host must be asked.
        Assert.Equal(JournalledIsolation.Silent, Says(Empty.Comes(1).Starts().Apply(new Finished(Uid(1), 1, Result(1, Outcome.Unknown)))));
        Assert.Equal(JournalledIsolation.Silent, Says(Empty.Comes(1).Starts().Apply(new Finished(Uid(1), 1, Result(1) with { Data = System.Text.Json.JsonElement.Parse("""{"dry_run":true}""") }))));
    }

    [Fact]
    public void What_a_command_was_about_when_it_first_started_is_journalled_and_never_looked_up_anew()
    {
        var ledger = Empty.Comes(1, CommandNames.KillProcess);
        var first = ledger.Start(Noon, pin: _ => "this one");
        Assert.Equal("this one", Assert.Single(first.Starts).Pin);
        ledger = Ledger.Fold(ledger.Apply(first.Records).Compact(null));
        ledger = ledger.Apply(ledger.OnRecover(Noon, Noon).Records);
        var again = ledger.Start(Noon, pin: _ => "another");
        Assert.Equal(("this one", true), (Assert.Single(again.Starts).Pin, again.Starts[0].Resumed));
        Assert.Equal("this one", ledger.Apply(again.Records).Find(Uid(1))!.Pin);
    }

    [Fact]
    public void With_an_unwritable_journal_only_the_network_lane_moves()
    {
        var ledger = Empty.Comes(1, CommandNames.KillProcess).Comes(2);
        Assert.Equal([Uid(2)], ledger.Start(Noon, networkOnly: true).Starts.Select(s => s.Uid));
    }

    [Fact]
    public void Words_for_results_are_cut_to_what_the_wire_can_hold()
    {
        var ledger = Empty.Comes(1, expires: Noon.AddTicks(3), now: Noon.AddTicks(7));
        Assert.Equal(WireTime.Truncate(Noon.AddTicks(7)), ledger.Find(Uid(1))!.Result!.FinishedAt);
    }

    private static IEnumerable<int[]> Permutations(int[] of) => of.Length <= 1
        ? [of]
        : of.SelectMany(first => Permutations([.. of.Where(o => o != first)]).Select(rest => (int[])[first, .. rest]));
}
