using Voltaxe.Agent.Execution.Journalling;
using Voltaxe.Agent.Execution.Ledgers;

namespace Voltaxe.Agent.Execution;

/// <summary>
/// The ledger and the journal behind it, moved together. While the disk fails, what may not wait is carried in memory and written as
/// soon as the disk takes it. Written by the executor alone; <see cref="Ledger"/> may be read by anyone.
/// </summary>
public sealed class Book(Journal journal, IReadOnlyList<JournalRecord> records) : IDisposable
{
    private readonly List<JournalRecord> carried = [];
    private volatile Ledger ledger = Ledger.Fold(records);
    private long position = journal.Position;

    public Ledger Ledger => ledger;

    /// <summary>How many records are durable.</summary>
    public long Position => Interlocked.Read(ref position);

    /// <summary>Why the journal could not be written the last time it was tried, or null.</summary>
    public string? Unwritable { get; private set; }

    /// <summary>Makes the records durable, then applies them. False: nothing happened.</summary>
    public bool TryWrite(IReadOnlyList<JournalRecord> records)
    {
        if (records.Count == 0)
            return true;
        if (!Append([.. carried, .. records]))
            return false;
        carried.Clear();
        ledger = ledger.Apply(records);
        return true;
    }

    /// <summary>For what must not wait for the disk: applies the records now, durable or not.</summary>
    public void WriteOrCarry(IReadOnlyList<JournalRecord> records)
    {
        if (TryWrite(records))
            return;
        carried.AddRange(records);
        ledger = ledger.Apply(records);
    }

    /// <summary>Tries the disk again. True when nothing is carried and the disk works, as far as is known.</summary>
    public bool Flush()
    {
        if (Unwritable is null)
            return true;
        if (carried.Count > 0 && !Append(carried))
            return false;
        carried.Clear();
        return Unwritable is null;
    }

    /// <summary>Rewrites the journal without what is past its time, if it has grown; a disk that refuses keeps the old one.</summary>
    public void CompactIfGrown(DateTimeOffset? hubNow)
    {
        if (!journal.WantsCompaction || carried.Count > 0)
            return;
        var kept = ledger.Compact(hubNow);
        try
        {
            journal.Compact(kept);
        }
        catch (JournalUnwritableException e)
        {
            Unwritable = e.Message;
            return;
        }
        ledger = Ledger.Fold(kept);
        Interlocked.Exchange(ref position, journal.Position);
    }

    public void Dispose() => journal.Dispose();

    private bool Append(IReadOnlyList<JournalRecord> all)
    {
        try
        {
            journal.Append(all);
        }
        catch (JournalUnwritableException e)
        {
            Unwritable = e.Message;
            return false;
        }
        Interlocked.Exchange(ref position, journal.Position);
        Unwritable = null;
        return true;
    }
}
