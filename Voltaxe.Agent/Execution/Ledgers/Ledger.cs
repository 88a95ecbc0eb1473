using System.Collections.Immutable;
using Voltaxe.Agent.Execution.Journalling;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Execution.Ledgers;

/// <summary>
/// What the journal says, folded from its records, and every decision that follows from it. Immutable, deterministic, without clock or
/// disk: a decision returns records; the caller makes them durable, applies them, and only then acts.
/// </summary>
public sealed partial record Ledger
{
    /// <summary>Crashes at the same place after which a uid is given up.</summary>
    public const int CrashLimit = 3;

    /// <summary>How long a recorded entry is kept, in hub time.</summary>
    public static readonly TimeSpan Retention = TimeSpan.FromDays(35);

    /// <summary>Results whose data is larger lose it once the hub has recorded them.</summary>
    internal const int KeptDataBytes = 16 * 1024;

    private Ledger() { }

    public string Epoch { get; private init; } = "";
    /// <summary>The highest seq of any allowed network command. Nothing below it runs in the network lane.</summary>
    public long Mark { get; private init; }
    /// <summary>Whose seq the mark is; null while it is nobody's, or that of a release code.</summary>
    public Guid? MarkUid { get; private init; }
    /// <summary>The highest seq of any verified envelope.</summary>
    public long HighestSeq { get; private init; }
    /// <summary>The last pinned hub time.</summary>
    public ClockSet? Clock { get; private init; }
    public ImmutableDictionary<Guid, LedgerEntry> Entries { get; private init; } = ImmutableDictionary<Guid, LedgerEntry>.Empty;
    /// <summary>Events that the hub does not have yet, in order.</summary>
    public ImmutableArray<AgentEvent> Events { get; private init; } = [];

    /// <summary>Release codes that were taken, by their nonce.</summary>
    public ImmutableDictionary<string, TakenCode> Codes { get; private init; } = ImmutableDictionary<string, TakenCode>.Empty;

    private ImmutableSortedDictionary<long, Guid> OpenByArrival { get; init; } = ImmutableSortedDictionary<long, Guid>.Empty;
    private long NextArrival { get; init; } = 1;

    /// <summary>An empty journal's ledger.</summary>
    public static Ledger New(string epoch) => new Ledger().Apply(NewHead(epoch));

    /// <summary>The first record of a new journal.</summary>
    public static Opened NewHead(string epoch) => new(epoch, 0, null, 0, 1);

    /// <summary>The ledger that these records, from the head on, amount to.</summary>
    public static Ledger Fold(IEnumerable<JournalRecord> records) => records.Aggregate(new Ledger(), (ledger, record) => ledger.Apply(record));

    /// <summary>Entries that the hub has not recorded, oldest first.</summary>
    public IEnumerable<LedgerEntry> Open => OpenByArrival.Values.Select(uid => Entries[uid]);

    public LedgerEntry? Find(Guid uid) => Entries.GetValueOrDefault(uid);

    public Ledger Apply(IEnumerable<JournalRecord> records) => records.Aggregate(this, (ledger, record) => ledger.Apply(record));

    /// <summary>The ledger after one more record.</summary>
    public Ledger Apply(JournalRecord record) => record switch
    {
        Opened r => this with { Epoch = r.Epoch, Mark = r.Mark, MarkUid = r.MarkUid, HighestSeq = r.HighestSeq, NextArrival = r.NextArrival },
        Restated r => Put(r.Entry),
        Seen r => OnSeen(r),
        Received r => OnReceived(r),
        Started r => Change(r.Uid, e => e with { State = EntryState.Started, AtWork = true, StartedAt = e.StartedAt ?? r.At, Pin = e.State == EntryState.Started ? e.Pin : r.Pin }),
        Paused r => Change(r.Uid, e => e with { AtWork = false }),
        CrashCounted r => Change(r.Uid, e => e.State == EntryState.Seen
            ? e with { AtWork = false, SeenCrashes = e.SeenCrashes + 1 }
            : e with { AtWork = false, StartCrashes = e.StartCrashes + 1 }),
        Finished r => OnFinishedRecord(r),
        Told r => Change(r.Uid, e => e with { Told = r.How, ToldAt = r.At, Result = Slim(e.Result) }),
        ClockSet r => this with { Clock = r },
        EventRaised r => this with { Events = Events.Add(r.Event) },
        TimerFired r => Change(r.Uid, e => e with { TimerFired = true }),
        CodeUsed r => (this with { Codes = Codes.SetItem(r.Nonce, new TakenCode(r, Done: false)) }).Raise(null, r.Seq, network: true),
        CodeDone r => this with { Codes = Codes.SetItem(r.Nonce, Codes[r.Nonce] with { Done = true }) },
        EventTold r => this with { Events = Events.RemoveAll(e => e.EventId == r.EventId) },
        _ => throw new InvalidOperationException($"a record of type {record.GetType().Name} has no meaning"),
    };

    private Ledger OnSeen(Seen r) => Find(r.Uid) is not { } entry
        ? Put(new LedgerEntry { Uid = r.Uid, Attempt = r.Attempt, Arrival = NextArrival, AtWork = true })
        : Put(entry with
        {
            Attempt = Math.Max(entry.Attempt, r.Attempt),
            AtWork = entry.AtWork || entry.State == EntryState.Seen,
            Told = ToldHow.Not,
            ToldAt = null,
        });

    private Ledger OnReceived(Received r)
    {
        var entry = Find(r.Uid) ?? new LedgerEntry { Uid = r.Uid, Attempt = r.Attempt, Arrival = NextArrival };
        return Put(entry with { State = EntryState.Received, Command = r.Command, AtWork = false, Attempt = Math.Max(entry.Attempt, r.Attempt) })
            .Raise(r.Uid, r.Command.Seq, CommandNames.IsNetwork(r.Command.Command));
    }

    private Ledger OnFinishedRecord(Finished r)
    {
        var entry = Find(r.Uid) ?? new LedgerEntry { Uid = r.Uid, Attempt = r.Attempt, Arrival = NextArrival };
        if (entry.State == EntryState.Finished)
            return this;
        return Put(entry with { State = EntryState.Finished, AtWork = false, Result = r.Result, Attempt = Math.Max(entry.Attempt, r.Attempt) })
            .Raise(r.Uid, r.Seq, r.RaisesMark);
    }

    private Ledger Raise(Guid? uid, long seq, bool network)
    {
        var raised = seq > HighestSeq ? this with { HighestSeq = seq } : this;
        return network && seq > Mark ? raised with { Mark = seq, MarkUid = uid } : raised;
    }

    private Ledger Change(Guid uid, Func<LedgerEntry, LedgerEntry> change) => Find(uid) is { } entry ? Put(change(entry)) : this;

    private Ledger Put(LedgerEntry entry) => this with
    {
        Entries = Entries.SetItem(entry.Uid, entry),
        OpenByArrival = entry.IsOpen ? OpenByArrival.SetItem(entry.Arrival, entry.Uid) : OpenByArrival.Remove(entry.Arrival),
        NextArrival = Math.Max(NextArrival, entry.Arrival + 1),
    };

    private static ResultReport? Slim(ResultReport? result) => result?.Data is { } data && data.GetRawText().Length > KeptDataBytes
        ? result with { Data = Cut }
        : result;

    private static readonly System.Text.Json.JsonElement Cut =
        System.Text.Json.JsonElement.Parse("""{"note":"recorded by the hub before; the agent keeps only small data"}""");
}
