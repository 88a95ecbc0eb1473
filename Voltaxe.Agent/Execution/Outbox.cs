using System.Collections.Concurrent;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Execution;

/// <summary>
/// What is to be told besides what the ledger says, and the bell that makes the channel sync. Nothing in here needs to survive: `holding`
/// says it again.
/// </summary>
public sealed class Outbox(TimeProvider time)
{
    /// <summary>How long `received` waits for a result to travel with.</summary>
    private static readonly TimeSpan Company = TimeSpan.FromMilliseconds(5);

    /// <summary>Among the capabilities while the journal cannot be written.</summary>
    public const string UnwritableMark = "journal_unwritable";

    private readonly ConcurrentDictionary<Guid, int> received = new();
    private readonly ConcurrentDictionary<string, AskAnswer> answers = new();
    private readonly ConcurrentDictionary<Guid, AgentEvent> progress = new();
    private readonly SemaphoreSlim bell = new(0, 1);
    private readonly Lock gate = new();
    private ITimer? soon;

    public IReadOnlyList<ReceivedEntry> Received => [.. received.Select(p => new ReceivedEntry(p.Key, p.Value))];

    public IReadOnlyList<AskAnswer> Answers => [.. answers.Values];

    /// <summary>How far actions are: the newest of each command. In memory only: what gets lost is overtaken.</summary>
    public IReadOnlyList<AgentEvent> Progress => [.. progress.Values];

    /// <summary>Why the journal cannot be written, or null. The hub shows the host as degraded.</summary>
    public string? Degraded { get; set; }

    public void TellReceived(Guid uid, int attempt) => received[uid] = attempt;

    public void TellAnswer(AskAnswer answer)
    {
        answers[answer.AskId] = answer;
        RingNow();
    }

    public void TellProgress(AgentEvent happened)
    {
        progress[happened.Uid!.Value] = happened;
        RingNow();
    }

    public void ForgetProgress(Guid uid) => progress.TryRemove(uid, out _);

    /// <summary>The hub answered a sync that carried these.</summary>
    public void WasTold(SyncRequest request)
    {
        foreach (var entry in request.Received)
            received.TryRemove(new(entry.Uid, entry.Attempt));
        foreach (var answer in request.Answers)
            answers.TryRemove(answer.AskId, out _);
        foreach (var said in request.Events)
        {
            if (said.Uid is { } uid && progress.TryGetValue(uid, out var newest) && newest.EventId == said.EventId)
                progress.TryRemove(new(uid, newest));
        }
    }

    /// <summary>Whether the next wait ends at once.</summary>
    internal bool Rung => bell.CurrentCount > 0;

    /// <summary>Something is to be told at once.</summary>
    public void RingNow()
    {
        lock (gate)
        {
            soon?.Dispose();
            soon = null;
            if (bell.CurrentCount == 0)
                bell.Release();
        }
    }

    /// <summary>Something is to be told, but what has just been started may end within milliseconds and go along.</summary>
    public void RingSoon()
    {
        lock (gate)
            soon ??= time.CreateTimer(static o => ((Outbox)o!).RingNow(), this, Company, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Returns when the bell has rung since the last wait, or after <paramref name="atMost"/>.</summary>
    public async Task WaitAsync(TimeSpan atMost, CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(atMost, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        try
        {
            await bell.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            // The time is up: sync although nothing rang.
        }
    }
}
