using Voltaxe.Agent.Actions;
using Voltaxe.Agent.Execution;
using Voltaxe.Agent.Execution.Journalling;
using Voltaxe.Agent.Execution.Ledgers;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Wire;
using Voltaxe.Testing;

namespace Voltaxe.Agent.Tests.Execution;

/// <summary>What the executor and its journal make of a release code, and everything that may come between.</summary>
public sealed class ReleaseLedgerTests : IAsyncLifetime
{
    private readonly Bench bench = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => bench.DisposeAsync().AsTask();

    private IEnumerable<AgentEvent> Told => bench.Book.Ledger.Events.Where(e => e.Kind == "offline_release");

    private static ReleaseOrder Code(string nonce = "n-1", long seq = 50, int isolation = 1) => new(nonce, seq, [Orders.Uid(isolation)], Orders.Noon.AddHours(1));

    private ReleaseScene Isolated(int number = 1) => new(true, Orders.Uid(number), bench.Time.GetUtcNow());

    private async Task IsolateAsync(int number = 1)
    {
        await bench.SayAsync(bench.Order(number));
        bench.Isolate.End(number);
        await bench.UntilAsync(number, EntryState.Finished);
    }

    /// <summary>What was posted before has been worked through.</summary>
    private Task SettledAsync() => bench.SayAsync(new SyncReply { HubTime = bench.Time.GetUtcNow() });

    [Fact]
    public async Task A_code_is_in_the_journal_before_the_host_is_restored_and_works_once()
    {
        bench.Start();
        await IsolateAsync();
        var answering = bench.Executor.ReleaseAsync(Code(), Isolated());
        await Eventually.TrueAsync(() => bench.Restore.Times(1) == 1);
        Assert.Equal(("n-1", Orders.Uid(1)), (bench.Book.Ledger.OwedRelease!.Nonce, bench.Book.Ledger.OwedRelease.Uid));
        Assert.Empty(Told);
        bench.Restore.End(1);
        Assert.Equal(ExitCodes.Done, (await answering).ExitCode);
        Assert.Equal(Orders.Uid(1), Told.Single().Uid);
        Assert.Equal((ExitCodes.Refused, 1), ((await bench.Executor.ReleaseAsync(Code(), Isolated())).ExitCode, bench.Restore.Times(1)));
    }

    [Fact]
    public async Task After_a_crash_in_between_the_host_is_restored_without_a_word_of_the_hub_and_that_is_told_once()
    {
        bench.Start();
        await IsolateAsync();
        _ = bench.Executor.ReleaseAsync(Code(), Isolated());
        await Eventually.TrueAsync(() => bench.Restore.Times(1) == 1);
        bench.BootId = "boot-2";
        bench.CrashAndStart(knowsHubTime: false);
        await Eventually.TrueAsync(() => bench.Restore.Times(1) == 2);
        var again = bench.Executor.ReleaseAsync(Code(), Isolated());
        bench.Restore.End(1);
        Assert.Equal(ExitCodes.Done, (await again).ExitCode);
        Assert.Single(Told);
        bench.CrashAndStart();
        await SettledAsync();
        Assert.Equal(2, bench.Restore.Times(1));
        Assert.Single(Told);
    }

    [Fact]
    public async Task Used_codes_and_what_is_owed_survive_compaction_until_long_after_their_time()
    {
        bench.Start();
        await IsolateAsync();
        bench.Restore.LetGo();
        await bench.Executor.ReleaseAsync(Code(), Isolated());
        var compacted = Ledger.Fold(bench.Book.Ledger.Compact(bench.Clock.Now));
        Assert.Equal(bench.Book.Ledger.Codes, compacted.Codes);
        Assert.Equal((50L, null), (compacted.Mark, compacted.MarkUid));
        Assert.NotNull(compacted.OnRelease(Code(), Isolated()).Refusal);
        // While the journal knows the isolation, it must know what ended it.
        Assert.Single(Ledger.Fold(bench.Book.Ledger.Compact(Orders.Noon.AddDays(36))).Codes);
        Assert.Empty(Ledger.Fold(bench.Book.Ledger.Apply(new Told(Orders.Uid(1), ToldHow.Recorded, Orders.Noon)).Compact(Orders.Noon.AddDays(36))).Codes);
        var owed = Ledger.New(Orders.Epoch).Apply(Ledger.New(Orders.Epoch).OnRelease(Code(), Isolated()).Record!);
        Assert.NotNull(Ledger.Fold(owed.Compact(Orders.Noon.AddDays(99))).OwedRelease);
    }

    [Fact]
    public async Task An_older_isolation_that_comes_later_does_not_run_and_a_newer_one_does()
    {
        bench.Start();
        await IsolateAsync();
        bench.Restore.LetGo();
        await bench.Executor.ReleaseAsync(Code(), Isolated());
        await bench.SayAsync(bench.Order(49), bench.Order(51));
        bench.Isolate.End(51);
        await bench.UntilAsync(51, Outcome.Executed);
        await bench.UntilAsync(49, Outcome.Superseded);
        Assert.Equal(0, bench.Isolate.Times(49));
    }

    [Fact]
    public async Task The_deadline_of_a_released_isolation_is_gone()
    {
        bench.Start();
        await bench.SayAsync(bench.Order(1, seconds: 3600));
        bench.Isolate.End(1);
        await bench.UntilAsync(1, EntryState.Finished);
        bench.Restore.LetGo();
        await bench.Executor.ReleaseAsync(Code(), Isolated());
        Assert.Null(bench.Book.Ledger.Deadline);
        bench.Time.Advance(TimeSpan.FromHours(2));
        await SettledAsync();
        Assert.Equal(1, bench.Restore.Times(1));
    }

    [Fact]
    public async Task A_code_that_a_newer_network_command_overtook_is_refused()
    {
        bench.Start();
        await IsolateAsync();
        await bench.SayAsync(bench.Order(60, CommandNames.NetworkRestore));
        bench.Restore.End(60);
        await bench.UntilAsync(60, EntryState.Finished);
        var answer = await bench.Executor.ReleaseAsync(Code(), Isolated());
        Assert.Equal(ExitCodes.Refused, answer.ExitCode);
        Assert.Contains("newer", answer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_the_network_is_being_changed_a_code_is_not_used_up()
    {
        bench.Start();
        await bench.SayAsync(bench.Order(1));
        await Eventually.TrueAsync(() => bench.Isolate.Times(1) == 1);
        Assert.Equal(ExitCodes.Failed, (await bench.Executor.ReleaseAsync(Code(), Isolated())).ExitCode);
        Assert.Empty(bench.Book.Ledger.Codes);
        bench.Isolate.End(1);
        await bench.UntilAsync(1, EntryState.Finished);
        bench.Restore.LetGo();
        Assert.Equal(ExitCodes.Done, (await bench.Executor.ReleaseAsync(Code(), Isolated())).ExitCode);
    }

    [Fact]
    public async Task A_disk_that_takes_nothing_takes_no_code()
    {
        bench.Start();
        await IsolateAsync();
        bench.Disk.FailFlush = true;
        Assert.Equal(ExitCodes.Failed, (await bench.Executor.ReleaseAsync(Code(), Isolated())).ExitCode);
        Assert.Equal(0, bench.Restore.Times(1));
        bench.Disk.FailFlush = false;
        bench.Restore.LetGo();
        Assert.Equal(ExitCodes.Done, (await bench.Executor.ReleaseAsync(Code(), Isolated())).ExitCode);
    }

    [Fact]
    public async Task A_restore_that_fails_says_so_and_is_tried_again_until_a_newer_order_comes()
    {
        bench.Start();
        await IsolateAsync();
        bench.Restore.End(1, ActionResult.Failed("rules_remain", "nft"));
        Assert.Equal(ExitCodes.Failed, (await bench.Executor.ReleaseAsync(Code(), Isolated())).ExitCode);
        await SettledAsync();
        Assert.Equal(1, bench.Restore.Times(1));
        bench.Time.Advance(TimeSpan.FromSeconds(10));
        await Eventually.TrueAsync(() => bench.Restore.Times(1) == 2);
        await bench.SayAsync(bench.Order(60));
        bench.Isolate.End(60);
        await bench.UntilAsync(60, Outcome.Executed);
        bench.Time.Advance(TimeSpan.FromSeconds(30));
        await SettledAsync();
        Assert.Equal(2, bench.Restore.Times(1));
        Assert.Null(bench.Book.Ledger.OwedRelease);
        Assert.Empty(Told);
    }

    [Theory]
    [InlineData(true, 1, 0, null)]
    [InlineData(true, null, 0, null)]
    [InlineData(true, 2, 0, "another isolation")]
    [InlineData(false, null, 0, "not isolated")]
    [InlineData(true, 1, 60, "expired")]
    public void What_stands_on_the_host_and_the_time_decide(bool stands, int? number, int minutes, string? why)
    {
        var decision = Ledger.New(Orders.Epoch).OnRelease(Code(), new ReleaseScene(stands, number is { } n ? Orders.Uid(n) : null, Orders.Noon.AddMinutes(minutes)));
        Assert.Equal(why is null, decision.Refusal is null);
        if (why is null)
            Assert.Equal(Orders.Uid(1), decision.Record!.Uid);
        else
            Assert.Contains(why, decision.Refusal, StringComparison.Ordinal);
    }
}
