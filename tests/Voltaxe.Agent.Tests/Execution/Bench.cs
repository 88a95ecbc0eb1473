using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Voltaxe.Agent.Actions;
using Voltaxe.Agent.Execution;
using Voltaxe.Agent.Execution.Journalling;
using Voltaxe.Agent.Execution.Ledgers;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Wire;
using Voltaxe.Testing;

namespace Voltaxe.Agent.Tests.Execution;

/// <summary>An executor over a real journal in a folder of its own, with a clock that stands still and actions that tests hold in their hands.</summary>
internal sealed class Bench : IAsyncDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("voltaxe-bench-").FullName;
    private readonly Dictionary<Guid, Verdict> verdicts = [];
    private Task running = Task.CompletedTask;
    private MortalTime life = null!;

    public ManualClock Time { get; } = new(Orders.Noon);
    public FaultyFile Disk { get; private set; } = null!;
    public Book Book { get; private set; } = null!;
    public HubClock Clock { get; private set; } = null!;
    public Outbox Outbox { get; private set; } = null!;
    public Executor Executor { get; private set; } = null!;
    public HandAction Isolate { get; } = new(CommandNames.NetworkIsolate, TimeSpan.FromMinutes(2));
    public HandAction Restore { get; } = new(CommandNames.NetworkRestore, TimeSpan.FromMinutes(2));
    public HandAction Kill { get; } = new(CommandNames.KillProcess, TimeSpan.FromMinutes(1));
    public HandAction Collect { get; } = new(CommandNames.CollectForensics, TimeSpan.FromHours(2));
    public string BootId { get; set; } = "boot-1";
    /// <summary>Thrown by the verifier: what an envelope that crashes the agent looks like from within.</summary>
    public Exception? Crash { get; set; }
    public Task Running => running;
    public List<Guid> Verified { get; } = [];

    public string Epoch => Book.Ledger.Epoch;

    public Bench Start(bool knowsHubTime = true)
    {
        Disk = null!;
        var opening = Journal.Open(System.IO.Path.Combine(folder, "journal"), () => Orders.Epoch, p => Disk = new FaultyFile(new DiskFile(p)));
        Book = new Book(opening.Journal, opening.Records);
        Clock = new HubClock(Time, BootId);
        if (knowsHubTime)
            Clock.Set(Time.GetUtcNow());
        Outbox = new Outbox(Time);
        var runner = new ActionRunner([Isolate, Restore, Kill, Collect], Clock, Time, NullLogger<ActionRunner>.Instance);
        life = new MortalTime(Time);
        Executor = new Executor(Book, Clock, Verify, runner, Outbox, life, NullLogger<Executor>.Instance);
        running = Executor.RunAsync();
        return this;
    }

    /// <summary>The process dies: what runs is never heard of again, and only the journal's file is left.</summary>
    public Bench CrashAndStart(bool knowsHubTime = true)
    {
        Die();
        return Start(knowsHubTime);
    }

    public void Die()
    {
        life.Dead = true;
        Book.Dispose();
    }

    public async Task StopAsync()
    {
        await Executor.StopAsync();
        await running.WaitAsync(Eventually.Patience);
    }

    public Envelope Order(int number, string command = CommandNames.NetworkIsolate, DateTimeOffset? expires = null, int attempt = 1, int? seconds = null)
    {
        var order = Orders.Command(number, command, expires: expires);
        verdicts[Orders.Uid(number)] = Verdict.Accept(seconds is null ? order : order with { Params = JsonSerializer.SerializeToElement(new { duration_seconds = seconds }) });
        return Orders.Envelope(number, attempt, Epoch);
    }

    public Task SayAsync(params Envelope[] commands) => Executor.PostAsync(new SyncReply { HubTime = Time.GetUtcNow(), Commands = commands });

    public Task SayAsync(SyncReply reply) => Executor.PostAsync(reply);

    public LedgerEntry? Entry(int number) => Book.Ledger.Find(Orders.Uid(number));

    public Task UntilAsync(int number, EntryState state) => Eventually.TrueAsync(() => Entry(number)?.State == state);

    public Task UntilAsync(int number, Outcome outcome) => Eventually.TrueAsync(() => Entry(number)?.Result?.Outcome == outcome);

    public async ValueTask DisposeAsync()
    {
        foreach (var action in (HandAction[])[Isolate, Restore, Kill, Collect])
            action.LetGo();
        if (Executor is not null) // It was started.
        {
            Executor.StopAsync().Wait(Eventually.Patience);
            await Task.WhenAny(running, Task.Delay(Eventually.Patience, TimeProvider.System));
            Book.Dispose();
        }
        Directory.Delete(folder, recursive: true);
    }

    private Verdict Verify(Envelope envelope)
    {
        Verified.Add(envelope.Uid);
        if (Crash is { } crash)
            throw crash;
        return verdicts.GetValueOrDefault(envelope.Uid, Verdict.Untrusted("not made by this test"));
    }
}

/// <summary>The clock of one process: when that has died, its timers fire no more.</summary>
internal sealed class MortalTime(TimeProvider inner) : TimeProvider
{
    public bool Dead { get; set; }

    public override long TimestampFrequency => inner.TimestampFrequency;

    public override long GetTimestamp() => inner.GetTimestamp();

    public override DateTimeOffset GetUtcNow() => inner.GetUtcNow();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => inner.CreateTimer(s =>
    {
        if (!Dead)
            callback(s);
    }, state, dueTime, period);
}

/// <summary>An action that begins when the executor says so and ends when the test does.</summary>
internal sealed class HandAction(string command, TimeSpan limit) : IAction
{
    private readonly ConcurrentDictionary<Guid, TaskCompletionSource<ActionResult>> open = new();
    private volatile bool free;

    public string Command => command;
    public TimeSpan Limit => limit;
    public string? Refusal { get; set; }
    public ConcurrentQueue<ActionOrder> Begun { get; } = new();

    public string? WhyNot(JsonElement parameters) => Refusal;

    public async Task<ActionResult> RunAsync(ActionOrder order, CancellationToken ct)
    {
        var end = open.GetOrAdd(order.Uid, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));
        Begun.Enqueue(order);
        if (free)
            end.TrySetResult(ActionResult.Executed("done"));
        try
        {
            return await end.Task.WaitAsync(ct);
        }
        catch (OperationCanceledException) when (TroubleWhenStopped is { } trouble)
        {
            throw trouble;
        }
    }

    /// <summary>What is in its way in the moment in which it is told to stop.</summary>
    public Exception? TroubleWhenStopped { get; set; }

    /// <summary>Ends this one, when it has begun or as soon as it does.</summary>
    public void End(int number, ActionResult? result = null) =>
        open.GetOrAdd(Orders.Uid(number), _ => new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult(result ?? ActionResult.Executed("done"));

    /// <summary>From now on everything ends at once.</summary>
    public void LetGo()
    {
        free = true;
        foreach (var end in open.Values)
            end.TrySetResult(ActionResult.Executed("done"));
    }

    public int Times(int number) => Begun.Count(o => o.Uid == Orders.Uid(number));
}
