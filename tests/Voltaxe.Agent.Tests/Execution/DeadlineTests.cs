using Voltaxe.Agent.Actions;
using Voltaxe.Agent.Execution.Ledgers;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Wire;
using Voltaxe.Testing;

namespace Voltaxe.Agent.Tests.Execution;

/// <summary>An isolation that ends by itself, and everything that may come between.</summary>
public sealed class DeadlineTests : IAsyncLifetime
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private readonly Bench bench = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => bench.DisposeAsync().AsTask();

    private IEnumerable<AgentEvent> Restores => bench.Book.Ledger.Events.Where(e => e.Kind == "timed_restore");

    private async Task IsolatedForAnHourAsync(int number = 1, ActionResult? result = null)
    {
        await bench.SayAsync(bench.Order(number, seconds: 3600));
        bench.Isolate.End(number, result);
        await bench.UntilAsync(number, EntryState.Finished);
    }

    /// <summary>What was posted before has been worked through.</summary>
    private Task SettledAsync() => bench.SayAsync(new SyncReply { HubTime = bench.Time.GetUtcNow() });

    [Fact]
    public async Task When_its_time_is_over_the_host_is_restored_once_and_it_is_told_with_the_uid()
    {
        bench.Start();
        await IsolatedForAnHourAsync();
        bench.Time.Advance(Hour - TimeSpan.FromSeconds(1));
        await SettledAsync();
        Assert.Empty(bench.Restore.Begun);
        bench.Restore.End(1);
        bench.Time.Advance(TimeSpan.FromSeconds(1));
        await Eventually.TrueAsync(() => Restores.Any());
        bench.Time.Advance(Hour);
        await SettledAsync();
        Assert.Equal(1, bench.Restore.Times(1));
        Assert.Equal((Orders.Uid(1), Orders.Noon + Hour), (Restores.Single().Uid!.Value, Restores.Single().At));
        Assert.Null(bench.Book.Ledger.Deadline);
    }

    [Fact]
    public async Task It_survives_a_crash_of_the_agent_and_the_compaction_of_its_journal()
    {
        bench.Start();
        await IsolatedForAnHourAsync();
        var compacted = Ledger.Fold(bench.Book.Ledger.Compact(bench.Clock.Now));
        Assert.Equal(Orders.Noon + Hour, compacted.Deadline!.At);
        bench.CrashAndStart(knowsHubTime: false);
        bench.Restore.End(1);
        bench.Time.Advance(Hour);
        await Eventually.TrueAsync(() => Restores.Any());
    }

    [Fact]
    public async Task It_fires_when_it_passed_while_the_agent_was_down()
    {
        bench.Start();
        await IsolatedForAnHourAsync();
        bench.Die();
        bench.Time.Advance(2 * Hour);
        bench.Restore.End(1);
        bench.Start(knowsHubTime: false);
        await Eventually.TrueAsync(() => Restores.Any());
    }

    [Fact]
    public async Task A_crash_in_the_middle_of_ending_it_ends_it_again_and_tells_it_once()
    {
        bench.Start();
        await IsolatedForAnHourAsync();
        bench.Time.Advance(Hour);
        await Eventually.TrueAsync(() => bench.Restore.Times(1) == 1);
        bench.CrashAndStart(knowsHubTime: false);
        await Eventually.TrueAsync(() => bench.Restore.Times(1) == 2);
        bench.Restore.End(1);
        await Eventually.TrueAsync(() => Restores.Any());
        bench.CrashAndStart(knowsHubTime: false);
        await SettledAsync();
        Assert.Equal(2, bench.Restore.Times(1));
        Assert.Single(Restores);
        Assert.All(bench.Restore.Begun, o => Assert.True(o.Resumed));
    }

    [Fact]
    public async Task After_a_restart_of_the_machine_it_waits_for_one_sync()
    {
        bench.Start();
        await IsolatedForAnHourAsync();
        bench.BootId = "boot-2";
        bench.CrashAndStart(knowsHubTime: false);
        bench.Time.Advance(2 * Hour);
        await SettledAsync();
        Assert.Empty(bench.Restore.Begun);
        bench.Restore.End(1);
        bench.Clock.Set(bench.Time.GetUtcNow());
        await SettledAsync();
        await Eventually.TrueAsync(() => Restores.Any());
    }

    [Theory]
    [InlineData(CommandNames.NetworkIsolate)]
    [InlineData(CommandNames.NetworkRestore)]
    public async Task A_newer_network_command_removes_it(string command)
    {
        bench.Start();
        await IsolatedForAnHourAsync();
        await bench.SayAsync(bench.Order(2, command));
        Assert.Null(bench.Book.Ledger.Deadline);
        bench.Isolate.End(2);
        bench.Restore.End(2);
        await bench.UntilAsync(2, EntryState.Finished);
        bench.Time.Advance(2 * Hour);
        await SettledAsync();
        Assert.Equal(0, bench.Restore.Times(1));
        Assert.Empty(Restores);
    }

    [Fact]
    public async Task A_newer_isolation_brings_its_own()
    {
        bench.Start();
        await IsolatedForAnHourAsync();
        bench.Time.Advance(Hour / 2);
        await IsolatedForAnHourAsync(2);
        Assert.Equal((Orders.Uid(2), Orders.Noon + 1.5 * Hour), (bench.Book.Ledger.Deadline!.Uid, bench.Book.Ledger.Deadline.At));
    }

    [Fact]
    public async Task An_isolation_that_failed_frees_nobody_later()
    {
        bench.Start();
        await IsolatedForAnHourAsync(1, ActionResult.Failed("control_channel_lost", "taken back"));
        Assert.Null(bench.Book.Ledger.Deadline);
    }

    [Fact]
    public async Task A_command_that_comes_while_it_is_being_ended_waits_for_that()
    {
        bench.Start();
        await IsolatedForAnHourAsync();
        bench.Time.Advance(Hour);
        await Eventually.TrueAsync(() => bench.Restore.Times(1) == 1);
        await bench.SayAsync(bench.Order(2, expires: Orders.Noon + 9 * Hour));
        Assert.Equal(0, bench.Isolate.Times(2));
        bench.Restore.End(1);
        await Eventually.TrueAsync(() => bench.Isolate.Times(2) == 1);
    }

    [Fact]
    public async Task A_restore_that_fails_is_tried_again_but_not_in_a_circle()
    {
        bench.Start();
        await IsolatedForAnHourAsync();
        bench.Restore.End(1, ActionResult.Failed("rules_remain", "nft"));
        bench.Time.Advance(Hour);
        await Eventually.TrueAsync(() => bench.Restore.Times(1) == 1);
        await SettledAsync();
        await SettledAsync();
        Assert.Equal(1, bench.Restore.Times(1));
        await Eventually.TrueAsync(() =>
        {
            bench.Time.Advance(TimeSpan.FromSeconds(10));
            return bench.Restore.Times(1) >= 2;
        });
        Assert.Empty(Restores);
    }
}
