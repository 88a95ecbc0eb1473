using System.Text.Json;
using Voltaxe.Agent.Execution.Journalling;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Execution.Ledgers;

public sealed partial record Ledger
{
    /// <summary>
    /// The agent starts. What was at work when it died is counted; what died three times at the same place is given up:
    /// rejected where it was never more than looked at, unknown where it ran. The rest is resumed by <see cref="Start"/>, or handed out again.
    /// </summary>
    /// <param name="at">For the event: hub time, or the wall clock where that is not known.</param>
    /// <param name="hubNow">Hub time, or null.</param>
    public Decision OnRecover(DateTimeOffset at, DateTimeOffset? hubNow)
    {
        var records = new List<JournalRecord>();
        foreach (var entry in Open.Where(e => e.AtWork))
        {
            records.Add(new CrashCounted(entry.Uid));
            var crashes = 1 + (entry.State == EntryState.Seen ? entry.SeenCrashes : entry.StartCrashes);
            records.Add(new EventRaised(new AgentEvent($"crashed-{entry.Uid:N}-{(entry.State == EntryState.Seen ? 's' : 'r')}{crashes}", "crashed", at, entry.Uid,
                JsonElement.Parse($$"""{"while":"{{(entry.State == EntryState.Seen ? "verifying" : "running")}}","crashes":{{crashes}}}"""))));
            if (crashes < CrashLimit)
                continue;
            var report = entry.State == EntryState.Seen
                ? Report(entry.Uid, entry.Attempt, Outcome.Rejected, $"poison: the agent died {crashes} times while verifying it", hubNow)
                : Report(entry.Uid, entry.Attempt, Outcome.Unknown, $"agent_crash: the agent died {crashes} times while it ran", hubNow) with
                {
                    StartedAt = entry.StartedAt,
                    Data = JsonElement.Parse("""{"error":"agent_crash"}"""),
                };
            records.Add(new Finished(entry.Uid, entry.Attempt, report));
        }
        return records.Count == 0 ? Decision.Nothing : new(records, NextStep.Tell);
    }

    /// <summary>The hub lists uids and event ids that are durable there. What this journal does not wait for is passed over.</summary>
    public Decision OnRecorded(IEnumerable<string> recorded, DateTimeOffset? hubNow)
    {
        var records = new List<JournalRecord>();
        foreach (var id in recorded.Distinct(StringComparer.Ordinal))
        {
            if (Guid.TryParseExact(id, "D", out var uid) && Find(uid) is { State: EntryState.Finished, IsOpen: true })
                records.Add(new Told(uid, ToldHow.Recorded, hubNow));
            else if (Events.Any(e => e.EventId == id))
                records.Add(new EventTold(id));
        }
        return records.Count == 0 ? Decision.Nothing : new(records, NextStep.Nothing);
    }

    /// <summary>The hub does not want this result any more. The entry stays.</summary>
    public Decision OnDrop(DropNotice notice, DateTimeOffset? hubNow) => Find(notice.Uid) is { State: EntryState.Finished, IsOpen: true }
        ? new([new Told(notice.Uid, notice.Why == DropWhy.Conflict ? ToldHow.Conflict : ToldHow.UnknownUid, hubNow)], NextStep.Nothing)
        : Decision.Nothing;

    /// <summary>Something happened without a command.</summary>
    public Decision OnEvent(AgentEvent happened) => new([new EventRaised(happened)], NextStep.Tell);

    /// <summary>
    /// The records of a compacted journal: everything that is open, and everything that the hub recorded less than 35 days ago, and
    /// whatever says whether the host is isolated. Without hub time nothing is left out.
    /// </summary>
    public IReadOnlyList<JournalRecord> Compact(DateTimeOffset? hubNow)
    {
        var records = new List<JournalRecord> { new Opened(Epoch, Mark, MarkUid, HighestSeq, NextArrival) };
        if (Clock is not null)
            records.Add(Clock);
        var last = LastNetworkEffect;
        bool IsKept(LedgerEntry e) => !IsPastRetention(e, hubNow) || e == last && Isolation == JournalledIsolation.Isolated;
        records.AddRange(Entries.Values.Where(IsKept).OrderBy(e => e.Arrival).Select(e => new Restated(e)));
        records.AddRange(Events.Select(e => new EventRaised(e)));
        foreach (var taken in Codes.Values.Where(t => !t.Done || last is not null && IsKept(last) && t.Code.Seq > last.Command!.Seq || hubNow is not { } now || now - t.Code.ExpiresAt <= Retention))
        {
            records.Add(taken.Code);
            if (taken.Done)
                records.Add(new CodeDone(taken.Code.Nonce));
        }
        return records;
    }

    private static bool IsPastRetention(LedgerEntry entry, DateTimeOffset? hubNow) =>
        !entry.IsOpen && hubNow is { } now && entry.ToldAt is { } told && now - told > Retention;
}
