using System.Text.Json;
using Voltaxe.Agent.Execution;
using Voltaxe.Agent.Execution.Ledgers;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Channels;

/// <summary>Puts together what the agent has to say now: never more than a message may hold, oldest results first, at least one.</summary>
public sealed class SyncComposer(Book book, Outbox outbox, Func<AgentInfo> info, Func<Observed?> observed)
{
    /// <summary>What of a message results and events may fill; the rest of it is bounded below.</summary>
    private const int ResultBytes = 600 * 1024, EventBytes = 64 * 1024;
    /// <summary>About 110 bytes each. What is not listed is handed out again and answered from the journal.</summary>
    private const int MaxHolding = 2_000, MaxReceived = 500, MaxAnswers = 1;

    /// <summary>A message, without its number.</summary>
    /// <param name="More">Something did not fit: sync again at once.</param>
    public sealed record Composed(SyncRequest Request, bool More);

    public Composed Compose(string instance, int waitSeconds)
    {
        var ledger = book.Ledger;
        var results = Take(ledger.Open.Where(e => e.State == EntryState.Finished).Select(e => e.Report), ResultBytes,
            r => JsonSerializer.SerializeToUtf8Bytes(r, WireJson.Default.ResultReport).Length, out var moreResults);
        var told = results.Select(r => r.Uid).ToHashSet();
        var events = Take(ledger.Events, EventBytes, e => 200 + (e.Data?.GetRawText().Length ?? 0), out var moreEvents);
        var answers = outbox.Answers;
        return new(new SyncRequest
        {
            Epoch = ledger.Epoch,
            Instance = instance,
            N = 0,
            Position = book.Position,
            HighestSeq = ledger.HighestSeq,
            Info = info(),
            Observed = observed(),
            Holding = [.. ledger.Open.Where(e => e.State != EntryState.Seen && !told.Contains(e.Uid)).Take(MaxHolding).Select(e => new HoldingEntry(e.Uid, e.Attempt, StateOf(e)))],
            Received = [.. outbox.Received.Take(MaxReceived)],
            Results = results,
            Events = [.. events, .. outbox.Progress],
            Answers = [.. answers.Take(MaxAnswers)],
            WaitSeconds = waitSeconds,
        }, moreResults || moreEvents || answers.Count > MaxAnswers);
    }

    private static HoldingState StateOf(LedgerEntry entry) => entry.State switch
    {
        EntryState.Received => HoldingState.Received,
        EntryState.Started => HoldingState.Started,
        _ => HoldingState.Finished,
    };

    private static List<T> Take<T>(IEnumerable<T> all, int budget, Func<T, int> size, out bool more)
    {
        var taken = new List<T>();
        more = false;
        foreach (var item in all)
        {
            budget -= size(item);
            if (budget < 0 && taken.Count > 0)
            {
                more = true;
                break;
            }
            taken.Add(item);
        }
        return taken;
    }
}
