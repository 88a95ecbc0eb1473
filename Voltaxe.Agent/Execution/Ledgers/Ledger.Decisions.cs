using Voltaxe.Agent.Execution.Journalling;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Execution.Ledgers;

public sealed partial record Ledger
{
    /// <summary>
    /// An envelope came. Another epoch's is ignored; a uid in the journal is answered from it; a new one is to be verified once its SEEN is durable.
    /// </summary>
    public Decision OnEnvelope(Envelope envelope)
    {
        if (envelope.Epoch != Epoch)
            return Decision.Nothing;
        if (Find(envelope.Uid) is not { } entry || entry.State == EntryState.Seen)
            return new([new Seen(envelope.Uid, envelope.Attempt)], NextStep.Verify);
        var again = !entry.IsOpen || envelope.Attempt > entry.Attempt;
        return new(again ? [new Seen(envelope.Uid, envelope.Attempt)] : [], NextStep.Tell);
    }

    /// <summary>The verifier has spoken about an envelope whose SEEN is in this ledger.</summary>
    /// <param name="hubNow">Hub time, or null when it is not known.</param>
    public Decision OnVerified(Envelope envelope, Verdict verdict, DateTimeOffset? hubNow)
    {
        Finished End(Outcome outcome, string why, bool allowed) => new(envelope.Uid, envelope.Attempt,
            Report(envelope.Uid, envelope.Attempt, outcome, why, hubNow),
            verdict.Command?.Seq ?? 0, allowed && CommandNames.IsNetwork(verdict.Command!.Command));

        if (verdict.Command is not { } command || verdict.Refusal is not null)
            return new([End(Outcome.Rejected, verdict.Refusal ?? "not verified", allowed: false)], NextStep.Tell);
        var network = CommandNames.IsNetwork(command.Command);
        if (network && (command.Seq < Mark || command.Seq == Mark && MarkUid != envelope.Uid))
            return new([End(Outcome.Superseded, "a newer network command was already here", allowed: true)], NextStep.Tell);

        // The record that raises the mark comes first: if the rest of the write is torn off, Start ends the older ones by the mark.
        var records = new List<JournalRecord>
        {
            hubNow >= command.ExpiresAt
                ? End(Outcome.Expired, "its time had passed when it came", allowed: true)
                : new Received(envelope.Uid, envelope.Attempt, command),
        };
        if (network)
            records.AddRange(Overtaken(command.Seq, hubNow));
        return new(records, NextStep.Tell);
    }

    /// <summary>The hub asks to end a command. Ends what has not started; what has started goes on and is reported as it ends.</summary>
    public Decision OnCancel(CancelOrder order, DateTimeOffset? hubNow)
    {
        if (order.Epoch != Epoch)
            return Decision.Nothing;
        var entry = Find(order.Uid);
        switch (entry?.State)
        {
            case EntryState.Started:
                return new([], NextStep.Tell);
            case EntryState.Finished:
                return new(entry.IsOpen ? [] : [new Seen(order.Uid, entry.Attempt)], NextStep.Tell);
        }
        var outcome = order.Why switch
        {
            CancelWhy.Cancelled => Outcome.Cancelled,
            CancelWhy.Expired => Outcome.Expired,
            CancelWhy.Superseded => Outcome.Superseded,
            _ => throw new ArgumentOutOfRangeException(nameof(order), order.Why, "not a reason of the protocol"),
        };
        var attempt = entry?.Attempt ?? 1;
        return new([new Finished(order.Uid, attempt, Report(order.Uid, attempt, outcome, "ended before it started, as the hub asked", hubNow))], NextStep.Tell);
    }

    /// <summary>
    /// What can begin now, at most one a lane: what a crash interrupted first, then the network lane by seq and the others as they came.
    /// What may not start any more is ended on the way.
    /// </summary>
    /// <param name="hubNow">Null when hub time is not known: then nothing starts that had not started before.</param>
    /// <param name="networkOnly">The journal cannot be written: only the network lane moves.</param>
    /// <param name="networkBusy">A timed isolation is being ended: the network lane waits.</param>
    /// <param name="pin">What a command that starts for the first time is about, as the host is now.</param>
    public StartDecision Start(DateTimeOffset? hubNow, bool networkOnly = false, bool networkBusy = false, Func<AcceptedCommand, string?>? pin = null)
    {
        var records = new List<JournalRecord>();
        var starts = new List<StartOrder>();
        foreach (var lane in Enum.GetValues<Lane>())
        {
            if (networkOnly && lane != Lane.Network || networkBusy && lane == Lane.Network)
                continue;
            var inLane = Open.Where(e => e.State is EntryState.Received or EntryState.Started && e.Lane == lane).ToList();
            if (inLane.Exists(e => e is { State: EntryState.Started, AtWork: true }))
                continue;
            var next = inLane.Find(e => e.State == EntryState.Started) ?? FirstReady(lane, inLane, hubNow, records);
            if (next is not null)
                starts.Add(next.State == EntryState.Started ? new(next.Uid, next.Command!, true, next.Pin) : new(next.Uid, next.Command!, false, pin?.Invoke(next.Command!)));
        }
        starts.Sort((a, b) => PriorityOf(b.Command.Command).CompareTo(PriorityOf(a.Command.Command)) is var byPriority and not 0
            ? byPriority
            : a.Command.Seq.CompareTo(b.Command.Seq));
        records.AddRange(starts.Select(s => new Started(s.Uid, hubNow, s.Pin)));
        return new(records, starts);
    }

    private LedgerEntry? FirstReady(Lane lane, List<LedgerEntry> inLane, DateTimeOffset? hubNow, List<JournalRecord> records)
    {
        if (hubNow is not { } now)
            return null;
        var waiting = inLane.Where(e => e.State == EntryState.Received).OrderBy(e => lane == Lane.Network ? e.Command!.Seq : e.Arrival);
        foreach (var entry in waiting)
        {
            if (lane == Lane.Network && entry.Command!.Seq < Mark)
                records.Add(EndUnstarted(entry, Outcome.Superseded, "a newer network command came before it started", now));
            else if (now >= entry.Command!.ExpiresAt)
                records.Add(EndUnstarted(entry, Outcome.Expired, "its time passed before it started", now));
            else
                return entry;
        }
        return null;
    }

    /// <summary>An action ended.</summary>
    public Decision OnFinished(ResultReport result) => Find(result.Uid) is { State: EntryState.Started } entry
        ? new([new Finished(result.Uid, entry.Attempt, result with { Attempt = entry.Attempt })], NextStep.Tell)
        : Decision.Nothing;

    /// <summary>The agent stops in an orderly way while an action is under way: it resumes at the next start, without counting as a crash.</summary>
    public Decision OnPaused(Guid uid) => Find(uid) is { State: EntryState.Started, AtWork: true }
        ? new([new Paused(uid)], NextStep.Nothing)
        : Decision.Nothing;

    private IEnumerable<JournalRecord> Overtaken(long seq, DateTimeOffset? hubNow) => Open
        .Where(e => e is { State: EntryState.Received, Command: { } c } && CommandNames.IsNetwork(c.Command) && c.Seq < seq)
        .Select(e => EndUnstarted(e, Outcome.Superseded, "a newer network command came before it started", hubNow));

    private static Finished EndUnstarted(LedgerEntry entry, Outcome outcome, string why, DateTimeOffset? hubNow) =>
        new(entry.Uid, entry.Attempt, Report(entry.Uid, entry.Attempt, outcome, why, hubNow));

    private static ResultReport Report(Guid uid, int attempt, Outcome outcome, string message, DateTimeOffset? at) =>
        new(uid, attempt, outcome, message, null, null, at is { } t ? WireTime.Truncate(t) : null, null);

    /// <summary>The protocol's default priorities; the envelope does not carry the operator's.</summary>
    private static int PriorityOf(string command) => command switch
    {
        CommandNames.NetworkIsolate => 10,
        CommandNames.KillProcess => 8,
        CommandNames.NetworkRestore => 5,
        _ => 3,
    };
}
