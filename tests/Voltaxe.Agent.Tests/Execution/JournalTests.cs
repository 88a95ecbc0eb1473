using System.Text.Json;
using Voltaxe.Agent.Execution.Journalling;
using Voltaxe.Agent.Execution.Ledgers;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Tests.Execution;

public sealed class JournalTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("voltaxe-journal-").FullName;
    private int epochs;

    private string Path => System.IO.Path.Combine(folder, "journal");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private Journal.Opening Open(Func<string, IJournalFile>? open = null) => Journal.Open(Path, () => $"epoch-{++epochs}", open ?? (p => new DiskFile(p)));

    private static IReadOnlyList<JournalRecord> Life(int number) =>
    [
        new Seen(Orders.Uid(number), 1),
        new Received(Orders.Uid(number), 1, Orders.Command(number)),
        new Started(Orders.Uid(number), Orders.Noon),
        new Finished(Orders.Uid(number), 1, Orders.Result(number, data: JsonElement.Parse("""{"changed":true,"text":"é\u0000"}"""))),
        new Told(Orders.Uid(number), ToldHow.Recorded, Orders.Noon),
    ];

    private void Write(params JournalRecord[][] writes)
    {
        using var journal = Open().Journal;
        foreach (var write in writes)
            journal.Append(write);
    }

    private static string Texts(IEnumerable<JournalRecord> records) => string.Join('\n', records.Select(r => JsonSerializer.Serialize(r, JournalJson.Default.JournalRecord)));

    [Fact]
    public void What_was_appended_is_there_when_the_journal_is_opened_again()
    {
        JournalRecord[] all =
        [
            .. Life(1),
            new Paused(Orders.Uid(2)), new CrashCounted(Orders.Uid(2)), new ClockSet(Orders.Noon, "boot", 77),
            new EventRaised(new AgentEvent("e1", "crashed", Orders.Noon, null, null)), new EventTold("e1"),
            new Restated(new LedgerEntry { Uid = Orders.Uid(3), Attempt = 2, Arrival = 9, State = EntryState.Received, Command = Orders.Command(3) }),
        ];
        Write(all);

        using var journal = Open().Journal;
        var again = JournalReader.Read(File.ReadAllBytes(Path));

        Assert.Equal("epoch-1", Assert.IsType<Opened>(again.Records[0]).Epoch);
        Assert.Equal(Texts(all), Texts(again.Records.Skip(1)));
        Assert.Equal(1 + all.Length, journal.Position);
    }

    [Fact]
    public void A_tail_torn_at_any_byte_is_cut_off_and_everything_before_it_is_kept()
    {
        Write([.. Life(1).Take(2)], [.. Life(1).Skip(2).Take(1)]);
        var before = File.ReadAllBytes(Path);
        using (var journal = Open().Journal)
            journal.Append([.. Life(1).Skip(3), .. Life(2)]);
        var whole = File.ReadAllBytes(Path);

        for (var cut = before.Length; cut < whole.Length; cut++)
        {
            File.WriteAllBytes(Path, whole[..cut]);
            var opening = Open();
            opening.Journal.Dispose();
            Assert.Null(opening.Lost);
            Assert.InRange(opening.Records.Count, 4, 10);
            Assert.Equal(Texts(JournalReader.Read(before).Records), Texts(opening.Records.Take(4)));
            Assert.True(JournalReader.Read(File.ReadAllBytes(Path)) is { Damage: null } kept && kept.Length == new FileInfo(Path).Length);
        }
        Assert.Equal(1, epochs);
    }

    [Fact]
    public void A_torn_write_whose_end_reached_the_disk_before_its_beginning_is_not_damage()
    {
        Write([.. Life(1).Take(1)]);
        var before = new FileInfo(Path).Length;
        using (var journal = Open().Journal)
            journal.Append([.. Life(2)]);
        var bytes = File.ReadAllBytes(Path);
        bytes.AsSpan((int)before, 64).Clear();
        File.WriteAllBytes(Path, bytes);

        var opening = Open();

        opening.Journal.Dispose();
        Assert.Null(opening.Lost);
        Assert.Equal(2, opening.Records.Count);
        Assert.Equal(before, new FileInfo(Path).Length);
    }

    [Fact]
    public void Damage_at_any_byte_of_a_durable_record_begins_a_new_epoch_and_keeps_the_old_file()
    {
        Write([.. Life(1).Take(2)], [.. Life(1).Skip(2).Take(2)], [.. Life(2)]);
        var whole = File.ReadAllBytes(Path);
        var lastWrite = JournalReader.Read(whole).Length - LengthOfLastWrite(whole);

        for (var at = 0; at < lastWrite; at += 7)
        {
            var damaged = whole.ToArray();
            damaged[at] ^= 0x10;
            File.WriteAllBytes(Path, damaged);
            epochs = 100 + at;

            var opening = Open();

            opening.Journal.Dispose();
            Assert.True(opening.Lost is not null, $"damage at byte {at} went unseen");
            Assert.Equal($"epoch-{101 + at}", Assert.IsType<Opened>(Assert.Single(opening.Records)).Epoch);
            var aside = Directory.GetFiles(folder, "journal.lost-*");
            Assert.Equal(damaged, File.ReadAllBytes(Assert.Single(aside)));
            File.Delete(aside[0]);
        }
    }

    private static long LengthOfLastWrite(byte[] whole)
    {
        var bytes = new List<byte>();
        foreach (var record in Life(2))
            JournalFrame.Append(bytes, JsonSerializer.SerializeToUtf8Bytes(record, JournalJson.Default.JournalRecord), 0, 0, 0, 0);
        Assert.True(bytes.Count < whole.Length);
        return bytes.Count;
    }

    [Fact]
    public void A_file_without_a_readable_head_is_kept_aside()
    {
        File.WriteAllBytes(Path, new byte[4096]);
        var opening = Open();
        opening.Journal.Dispose();
        Assert.Contains("head", opening.Lost, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_write_that_failed_leaves_no_trace_even_where_it_cannot_be_cut_back(bool canTruncate)
    {
        FaultyFile? disk = null;
        using (var journal = Open(p => disk = new FaultyFile(new DiskFile(p))).Journal)
        {
            journal.Append([.. Life(1).Take(2)]);
            disk!.FailFlush = true;
            disk.FailTruncate = !canTruncate;
            Assert.Throws<JournalUnwritableException>(() => journal.Append(Life(2)));
            Assert.Throws<JournalUnwritableException>(() => journal.Append(Life(2)));
            Assert.Equal(3, journal.Position);
            disk.FailFlush = false;
            journal.Append([.. Life(2).Take(1)]);
        }

        var opening = Open();

        opening.Journal.Dispose();
        Assert.Null(opening.Lost);
        Assert.Equal(Texts([.. Life(1).Take(2), .. Life(2).Take(1)]), Texts(opening.Records.Skip(1)));
    }

    [Fact]
    public void A_full_disk_tears_a_record_and_the_next_write_goes_where_it_began()
    {
        FaultyFile? disk = null;
        using (var journal = Open(p => disk = new FaultyFile(new DiskFile(p))).Journal)
        {
            disk!.WriteOnly = 17;
            Assert.Throws<JournalUnwritableException>(() => journal.Append(Life(1)));
            disk.WriteOnly = null;
            journal.Append(Life(2));
        }
        Assert.Equal(Texts(Life(2)), Texts(JournalReader.Read(File.ReadAllBytes(Path)).Records.Skip(1)));
    }

    [Fact]
    public void Every_durable_step_is_one_write_and_one_sync()
    {
        FaultyFile? disk = null;
        using var journal = Open(p => disk = new FaultyFile(new DiskFile(p))).Journal;
        var (writes, flushes) = (disk!.Writes, disk.Flushes);
        journal.Append(Life(1));
        Assert.Equal((writes + 1, flushes + 1), (disk.Writes, disk.Flushes));
    }

    [Fact]
    public void Compaction_keeps_the_ledger_and_raises_the_position()
    {
        Write([.. Life(1)], [.. Life(2).Take(3)], [.. Life(3).Take(1)]);
        var opening = Open();
        using (var journal = opening.Journal)
        {
            var before = journal.Position;
            journal.Compact(Ledger.Fold(opening.Records).Compact(Orders.Noon));
            Assert.True(journal.Position > before);
            journal.Append([.. Life(4)]);
        }

        var again = Open();

        again.Journal.Dispose();
        Assert.Null(again.Lost);
        var expected = Ledger.Fold(opening.Records).Apply(Life(4));
        Assert.Equal(Texts(expected.Compact(null)), Texts(Ledger.Fold(again.Records).Compact(null)));
    }

    [Fact]
    public void The_journal_is_readable_by_its_owner_only()
    {
        if (OperatingSystem.IsWindows())
            return;
        Write([.. Life(1)]);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path));
    }
}

/// <summary>A disk that fails where a test says so.</summary>
internal sealed class FaultyFile(IJournalFile inner) : IJournalFile
{
    public bool FailFlush { get; set; }
    public bool FailTruncate { get; set; }
    public int? WriteOnly { get; set; }
    public int Writes { get; private set; }
    public int Flushes { get; private set; }

    public byte[] ReadAll() => inner.ReadAll();

    public void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        Writes++;
        inner.Write(WriteOnly is { } some ? bytes[..some] : bytes, offset);
        if (WriteOnly is not null)
            throw new IOException("No space left on device");
    }

    public void Truncate(long length)
    {
        if (FailTruncate)
            throw new IOException("Input/output error");
        inner.Truncate(length);
    }

    public void Flush()
    {
        Flushes++;
        if (FailFlush)
            throw new IOException("Input/output error");
        inner.Flush();
    }

    public void Dispose() => inner.Dispose();
}
