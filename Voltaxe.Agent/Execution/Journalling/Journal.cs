using System.Text.Json;
using Voltaxe.Agent.Configuration;

namespace Voltaxe.Agent.Execution.Journalling;

/// <summary>The journal cannot be written now: the disk is full, read-only or broken.</summary>
public sealed class JournalUnwritableException(Exception inner) : Exception($"the journal cannot be written: {inner.Message}", inner);

/// <summary>
/// The append-only file behind the agent's promises. <see cref="Append"/> returns when the records are on the disk; a write that failed
/// leaves no trace. Not thread-safe: the executor is its only writer.
/// </summary>
public sealed class Journal : IDisposable
{
    private const long CompactAbove = 4 * 1024 * 1024;

    private readonly string path;
    private readonly Func<string, IJournalFile> open;
    private IJournalFile file;
    private long length;
    private uint lastCrc;
    private long compactAt = CompactAbove;
    private bool nameIsDurable = true;

    private Journal(string path, Func<string, IJournalFile> open, IJournalFile file) => (this.path, this.open, this.file) = (path, open, file);

    /// <summary>How many records have been made durable since the epoch began; compaction only raises it.</summary>
    public long Position { get; private set; }

    /// <summary>The file has grown enough to be worth rewriting.</summary>
    public bool WantsCompaction => length > compactAt;

    /// <summary>A name for a new journal.</summary>
    public static string NewEpoch() => Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(16));

    /// <summary>What <see cref="Open"/> found.</summary>
    /// <param name="Records">Everything from the head on.</param>
    /// <param name="Lost">Why an older journal was put aside, or null.</param>
    public sealed record Opening(Journal Journal, IReadOnlyList<JournalRecord> Records, string? Lost);

    /// <summary>Opens or begins the journal. A torn last write is cut off; a damaged file is kept aside and a new epoch begins.</summary>
    public static Opening Open(string path, Func<string> newEpoch, Func<string, IJournalFile> open)
    {
        var file = open(path);
        var content = JournalReader.Read(file.ReadAll());
        string? lost = null;
        if (content.Damage is not null)
        {
            file.Dispose();
            lost = Aside(path);
            lost = $"{content.Damage}; kept as {Path.GetFileName(lost)}";
            file = open(path);
            content = JournalReader.Read([]);
        }
        var journal = new Journal(path, open, file) { length = content.Length, lastCrc = content.LastCrc, Position = content.Position };
        if (content.Records.Count > 0)
        {
            file.Truncate(content.Length);
            return new(journal, content.Records, lost);
        }
        var head = Ledgers.Ledger.NewHead(newEpoch());
        journal.Append([head]);
        StateFolder.SyncDirectory(Path.GetDirectoryName(path)!);
        return new(journal, [head], lost);
    }

    /// <summary>Makes the records durable in one write and one sync.</summary>
    /// <exception cref="JournalUnwritableException">Nothing was made durable.</exception>
    public void Append(IReadOnlyList<JournalRecord> records)
    {
        if (records.Count == 0)
            return;
        var (bytes, crc) = Frame(records, Position, lastCrc);
        try
        {
            MakeNameDurable();
            file.Write(bytes, length);
            file.Flush();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            CutBack();
            throw new JournalUnwritableException(e);
        }
        (length, lastCrc, Position) = (length + bytes.Length, crc, Position + records.Count);
    }

    /// <summary>Replaces the file by one that holds only <paramref name="records"/> (a ledger's <c>Compact</c>), atomically.</summary>
    /// <exception cref="JournalUnwritableException">Nothing is lost: what was durable still is, in the old file or in the new one.</exception>
    public void Compact(IReadOnlyList<JournalRecord> records)
    {
        var next = path + ".next";
        var (bytes, crc) = Frame(records, Position, 0);
        IJournalFile? fresh = null;
        try
        {
            File.Delete(next);
            fresh = open(next);
            fresh.Write(bytes, 0);
            fresh.Flush();
            File.Move(next, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            fresh?.Dispose();
            compactAt = length + CompactAbove;
            throw new JournalUnwritableException(e);
        }
        file.Dispose();
        file = fresh;
        (length, lastCrc, Position) = (bytes.Length, crc, Position + records.Count);
        compactAt = Math.Max(CompactAbove, length * 2);
        // From the rename on the new file is the journal. Until its name is durable nothing that is written into it is.
        nameIsDurable = false;
        try
        {
            MakeNameDurable();
        }
        catch (IOException e)
        {
            throw new JournalUnwritableException(e);
        }
    }

    public void Dispose() => file.Dispose();

    private static (byte[] Bytes, uint Crc) Frame(IReadOnlyList<JournalRecord> records, long position, uint crc)
    {
        var bytes = new List<byte>(512);
        var write = Random.Shared.Next();
        for (var i = 0; i < records.Count; i++)
            crc = JournalFrame.Append(bytes, JsonSerializer.SerializeToUtf8Bytes(records[i], JournalJson.Default.JournalRecord), position + 1 + i, position + 1, crc, write);
        return ([.. bytes], crc);
    }

    private void MakeNameDurable()
    {
        if (nameIsDurable)
            return;
        StateFolder.SyncDirectory(Path.GetDirectoryName(path)!);
        nameIsDurable = true;
    }

    private void CutBack()
    {
        try
        {
            file.Truncate(length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next write goes over the remains, and the chain of CRCs keeps what stays of them from being read.
        }
    }

    private static string Aside(string path)
    {
        var number = 1;
        while (File.Exists($"{path}.lost-{number}"))
            number++;
        File.Move(path, $"{path}.lost-{number}");
        return $"{path}.lost-{number}";
    }
}
