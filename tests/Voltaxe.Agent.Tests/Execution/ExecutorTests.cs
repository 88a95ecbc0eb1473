using System.Text.Json;
using Voltaxe.Agent.Actions;
using Voltaxe.Agent.Execution;
using Voltaxe.Agent.Execution.Journalling;
using Voltaxe.Agent.Execution.Ledgers;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Wire;
using Voltaxe.Testing;

namespace Voltaxe.Agent.Tests.Execution;

public sealed class ExecutorTests : IAsyncLifetime
{
    private readonly Bench bench = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => bench.DisposeAsync().AsTask();

    [Fact]
    public async Task A_command_is_durable_before_its_action_begins_and_its_result_before_it_is_told()
    {
        bench.Start();
        bench.Isolate.LetGo();
        await bench.SayAsync(bench.Order(1));
        await bench.UntilAsync(1, Outcome.Executed);
        var records = bench.Book.Ledger;
        Assert.Equal(1, bench.Isolate.Times(1));
        Assert.Equal(Orders.Noon, records.Find(Orders.Uid(1))!.StartedAt);
        // head, SEEN, RECEIVED with the clock, STARTED, FINISHED: one sync each.
        Assert.Equal(5, bench.Disk.Flushes);
        Assert.Equal(6, bench.Book.Position);
    }

    [Fact]
    public async Task A_second_hand_out_of_the_same_uid_never_runs_twice()
    {
        bench.Start();
        var order = bench.Order(1);
        await bench.SayAsync(order, order);
        await bench.SayAsync(order with { Attempt = 2 });
        bench.Isolate.End(1);
        await bench.UntilAsync(1, Outcome.Executed);
        await bench.SayAsync(new SyncReply { HubTime = default, Recorded = [Orders.Uid(1).ToString()] });
        Assert.Empty(bench.Book.Ledger.Open);
        await bench.SayAsync(order with { Attempt = 3 });
        Assert.Equal(3, Assert.Single(bench.Book.Ledger.Open).Report.Attempt);
        Assert.Equal(1, bench.Isolate.Times(1));
        Assert.Single(bench.Verified);
    }

    [Fact]
    public async Task A_batch_is_journalled_whole_before_anything_starts()
    {
        bench.Start();
        await bench.SayAsync(bench.Order(1, CommandNames.NetworkRestore), bench.Order(2, CommandNames.KillProcess), bench.Order(3));
        await bench.UntilAsync(3, EntryState.Started);
        Assert.Equal(Outcome.Superseded, bench.Entry(1)!.Result!.Outcome);
        Assert.Empty(bench.Restore.Begun);
        await Eventually.TrueAsync(() => bench.Kill.Begun.Count == 1);
    }

    [Fact]
    public async Task A_long_collection_does_not_delay_an_isolation()
    {
        bench.Start();
        await bench.SayAsync(bench.Order(1, CommandNames.CollectForensics));
        await bench.UntilAsync(1, EntryState.Started);
        bench.Isolate.LetGo();
        await bench.SayAsync(bench.Order(2));
        await bench.UntilAsync(2, Outcome.Executed);
        Assert.Equal(EntryState.Started, bench.Entry(1)!.State);
    }

    [Fact]
    public async Task A_command_cut_short_by_a_crash_is_resumed_and_told_that_it_is()
    {
        bench.Start();
        await bench.SayAsync(bench.Order(1));
        await Eventually.TrueAsync(() => bench.Isolate.Times(1) == 1);
        bench.CrashAndStart();
        await Eventually.TrueAsync(() => bench.Isolate.Times(1) == 2);
        Assert.Equal([false, true], bench.Isolate.Begun.Select(o => o.Resumed));
        Assert.Contains(bench.Book.Ledger.Events, e => e.Kind == "crashed");
    }

    [Fact]
    public async Task A_command_received_before_a_crash_runs_once_after_it()
    {
        bench.Start();
        await bench.SayAsync(bench.Order(1, CommandNames.KillProcess), bench.Order(2, CommandNames.KillProcess));
        await bench.UntilAsync(1, EntryState.Started);
        bench.CrashAndStart();
        bench.Kill.LetGo();
        await bench.UntilAsync(2, Outcome.Executed);
        Assert.Equal(1, bench.Kill.Times(2));
    }

    [Fact]
    public async Task A_finished_result_survives_a_crash_until_it_is_recorded()
    {
        bench.Start();
        bench.Isolate.LetGo();
        await bench.SayAsync(bench.Order(1));
        await bench.UntilAsync(1, Outcome.Executed);
        bench.CrashAndStart();
        Assert.Equal(Outcome.Executed, Assert.Single(bench.Book.Ledger.Open).Report.Outcome);
        Assert.Equal(1, bench.Isolate.Times(1));
    }

    [Fact]
    public async Task After_a_reboot_what_was_received_waits_for_one_sync()
    {
        bench.Start();
        await bench.SayAsync(bench.Order(1, CommandNames.KillProcess), bench.Order(2, CommandNames.KillProcess));
        await bench.UntilAsync(1, EntryState.Started);
        bench.BootId = "boot-2";
        bench.CrashAndStart(knowsHubTime: false);
        bench.Kill.LetGo();
        await bench.UntilAsync(1, Outcome.Executed);
        await bench.SayAsync(new SyncReply { HubTime = default });
        Assert.Equal(EntryState.Received, bench.Entry(2)!.State);
        bench.Clock.Set(bench.Time.GetUtcNow());
        await bench.SayAsync(new SyncReply { HubTime = default });
        await bench.UntilAsync(2, Outcome.Executed);
    }

    [Fact]
    public async Task A_restart_within_the_same_boot_knows_hub_time_from_the_journal()
    {
        bench.Start();
        await bench.SayAsync(bench.Order(1, CommandNames.KillProcess), bench.Order(2, CommandNames.KillProcess, expires: Orders.Noon.AddMinutes(5)));
        await bench.UntilAsync(1, EntryState.Started);
        bench.Time.StepWallClock(Orders.Noon.AddYears(-10));
        bench.Time.Advance(TimeSpan.FromMinutes(5));
        bench.Kill.End(1);
        bench.CrashAndStart(knowsHubTime: false);
        bench.Kill.LetGo();
        await bench.UntilAsync(2, Outcome.Expired);
        Assert.Equal(0, bench.Kill.Times(2));
    }

    [Fact]
    public async Task A_cancel_before_the_start_ends_it_and_a_late_copy_is_answered()
    {
        bench.Start();
        await bench.SayAsync(bench.Order(1, CommandNames.KillProcess), bench.Order(2, CommandNames.KillProcess));
        var cancel = new SyncReply { HubTime = default, Cancel = [new CancelOrder(Orders.Uid(2), bench.Epoch, CancelWhy.Cancelled), new CancelOrder(Orders.Uid(3), bench.Epoch, CancelWhy.Expired)] };
        await bench.SayAsync(cancel with { Commands = [bench.Order(3, CommandNames.KillProcess)] });
        bench.Kill.LetGo();
        await bench.UntilAsync(1, Outcome.Executed);
        Assert.Equal((Outcome.Cancelled, Outcome.Expired), (bench.Entry(2)!.Result!.Outcome, bench.Entry(3)!.Result!.Outcome));
        Assert.Equal((0, 0), (bench.Kill.Times(2), bench.Kill.Times(3)));
    }

    [Fact]
    public async Task A_cancel_that_is_asked_again_and_again_is_not_answered_with_a_sync_each_time()
    {
        bench.Start();
        var order = bench.Order(1, CommandNames.CollectForensics);
        await bench.SayAsync(order);
        await bench.UntilAsync(1, EntryState.Started);
        bench.Outbox.RingNow();
        await bench.Outbox.WaitAsync(Timeout.InfiniteTimeSpan, CancellationToken.None);
        var asked = new SyncReply { HubTime = default, Cancel = [new CancelOrder(Orders.Uid(1), bench.Epoch, CancelWhy.Cancelled)] };
        for (var i = 0; i < 3; i++)
            await bench.SayAsync(asked);
        Assert.False(bench.Outbox.Rung);
        await bench.SayAsync(asked with { Cancel = [new CancelOrder(Orders.Uid(2), bench.Epoch, CancelWhy.Cancelled)] });
        Assert.True(bench.Outbox.Rung);
    }

    [Fact]
    public async Task An_executor_that_breaks_off_lets_go_of_whoever_waits_for_it()
    {
        bench.Start();
        bench.Crash = new InvalidOperationException("what the verifier trips over");
        var said = bench.SayAsync(bench.Order(1));
        await Assert.ThrowsAsync<InvalidOperationException>(() => bench.Running).WaitAsync(Eventually.Patience);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => said).WaitAsync(Eventually.Patience);
        await bench.Executor.StopAsync().WaitAsync(Eventually.Patience);
        bench.Crash = null;
        bench.CrashAndStart();
        Assert.Equal((EntryState.Seen, 1), (bench.Entry(1)!.State, bench.Entry(1)!.SeenCrashes));
    }

    [Fact]
    public async Task What_a_restarted_agent_cannot_do_any_more_is_not_guessed_at()
    {
        bench.Start();
        await bench.SayAsync(bench.Order(1, CommandNames.KillProcess), bench.Order(2, CommandNames.KillProcess));
        await bench.UntilAsync(1, EntryState.Started);
        bench.Kill.Refusal = "the right to is gone";
        bench.CrashAndStart();
        await bench.UntilAsync(1, Outcome.Unknown);
        await bench.UntilAsync(2, Outcome.Failed);
        Assert.Contains("the right to is gone", bench.Entry(2)!.Result!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_action_past_its_limit_is_failed_with_timeout()
    {
        bench.Start();
        await bench.SayAsync(bench.Order(1));
        await Eventually.TrueAsync(() => bench.Isolate.Begun.Count == 1);
        bench.Time.Advance(TimeSpan.FromMinutes(2));
        await bench.UntilAsync(1, Outcome.Failed);
        Assert.StartsWith("timeout", bench.Entry(1)!.Result!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_an_unwritable_journal_an_isolation_runs_and_everything_else_waits_for_the_disk()
    {
        bench.Start();
        bench.Isolate.LetGo();
        bench.Kill.LetGo();
        bench.Disk.FailFlush = true;
        var kill = bench.Order(1, CommandNames.KillProcess);
        await bench.SayAsync(kill, bench.Order(2));
        await bench.UntilAsync(2, Outcome.Executed);
        Assert.Null(bench.Entry(1));
        Assert.NotNull(bench.Outbox.Degraded);
        Assert.Equal("journal_unwritable", Assert.Single(bench.Book.Ledger.Events).Kind);
        await bench.SayAsync(new SyncReply { HubTime = default, Cancel = [new CancelOrder(Orders.Uid(9), bench.Epoch, CancelWhy.Cancelled)] });
        Assert.Null(bench.Entry(9));
        Assert.Equal(1, bench.Book.Position);

        bench.Disk.FailFlush = false;
        await bench.SayAsync(kill with { Attempt = 2 });
        await bench.UntilAsync(1, Outcome.Executed);
        Assert.Null(bench.Outbox.Degraded);
        Assert.Equal(["journal_unwritable", "journal_writable"], bench.Book.Ledger.Events.Select(e => e.Kind));
        bench.CrashAndStart();
        Assert.Equal((Outcome.Executed, Outcome.Executed), (bench.Entry(1)!.Result!.Outcome, bench.Entry(2)!.Result!.Outcome));
    }

    [Fact]
    public async Task A_command_received_before_the_disk_failed_waits_and_runs_when_it_works_again()
    {
        bench.Start();
        await bench.SayAsync(bench.Order(1, CommandNames.KillProcess), bench.Order(2, CommandNames.KillProcess));
        await bench.UntilAsync(1, EntryState.Started);
        bench.Disk.FailFlush = true;
        bench.Kill.LetGo();
        await bench.UntilAsync(1, Outcome.Executed);
        await bench.SayAsync(new SyncReply { HubTime = default });
        Assert.Equal(EntryState.Received, bench.Entry(2)!.State);
        bench.Disk.FailFlush = false;
        await bench.SayAsync(new SyncReply { HubTime = default });
        await bench.UntilAsync(2, Outcome.Executed);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_orderly_stop_pauses_a_collection_and_does_not_count_it_as_a_crash(bool inTrouble)
    {
        bench.Collect.TroubleWhenStopped = inTrouble ? new HttpRequestException("503, in the same moment") : null;
        bench.Start();
        await bench.SayAsync(bench.Order(1, CommandNames.CollectForensics));
        await Eventually.TrueAsync(() => bench.Collect.Begun.Count == 1);
        await bench.StopAsync();
        bench.CrashAndStart();
        await Eventually.TrueAsync(() => bench.Collect.Begun.Count == 2);
        Assert.Equal(0, bench.Entry(1)!.StartCrashes);
    }

    [Fact]
    public async Task An_action_that_throws_is_a_failure_and_the_lane_goes_on()
    {
        bench.Start();
        await bench.SayAsync(bench.Order(1, CommandNames.KillProcess), bench.Order(2, CommandNames.KillProcess));
        bench.Kill.End(1, ActionResult.Failed("refused", "no"));
        await bench.UntilAsync(2, EntryState.Started);
        Assert.Equal(Outcome.Failed, bench.Entry(1)!.Result!.Outcome);
    }

    [Fact]
    public void A_result_that_is_too_large_keeps_its_outcome_and_says_what_was_left_out()
    {
        var large = JsonElement.Parse($"\"{new string('x', ResultReport.MaxDataBytes)}\"");
        var fitted = ActionRunner.Fit(Orders.Result(1, Outcome.Executed, large) with { Message = new string('m', 9_000) });
        Assert.Equal(Outcome.Executed, fitted.Outcome);
        Assert.True(fitted.Data!.Value.GetProperty("truncated").GetBoolean());
        Assert.InRange(fitted.Message!.Length, 1, 2_001);
        var small = Orders.Result(1);
        Assert.Same(small, ActionRunner.Fit(small));
    }
}
