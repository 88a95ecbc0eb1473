using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using Voltaxe.Agent.Configuration;
using Voltaxe.Agent.Platform;

namespace Voltaxe.Agent.Evidence;

/// <summary>
/// One compressed archive while it is written: a piece goes through a spool, where it is measured and hashed, because a tar says sizes first.
/// Names in the archive are made here; what the host calls things stands in the manifest alone.
/// </summary>
/// <param name="room">How many bytes the disk has for it.</param>
internal sealed class EvidenceArchive : IEvidenceSink, IDisposable
{
    public const string ManifestName = "manifest.json";

    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly EvidenceLimits limits;
    private readonly TimeProvider time;
    private readonly FileStream file, spool;
    private readonly GZipStream compressed;
    private readonly TarWriter tar;
    private readonly long room;
    private readonly List<EvidenceItem> items = [];
    private long taken;

    public EvidenceArchive(string path, EvidenceLimits limits, long room, TimeProvider time)
    {
        (this.limits, this.room, this.time) = (limits, room, time);
        file = Create(path, FileOptions.None);
        spool = Create(path + ".spool", FileOptions.DeleteOnClose);
        compressed = new GZipStream(file, CompressionLevel.Fastest, leaveOpen: true);
        tar = new TarWriter(compressed, TarEntryFormat.Pax, leaveOpen: true);
    }

    public IReadOnlyList<EvidenceItem> Items => items;

    private EvidenceItem Current => items[^1];

    public void Begin(string item) => items.Add(new EvidenceItem(item, limits.MaxParts, time.GetUtcNow()));

    public void End() => Current.End(time.GetUtcNow());

    public void Omit(string source, Omission what, string why) => Current.Omit(source, what, why);

    public void Add(string name, string source, string how, Action<IEvidencePart> write)
    {
        if (Current.IsFull)
        {
            Current.LeaveOut();
            return;
        }
        var (left, cap) = new (long Left, string Cap)[]
        {
            (limits.MaxPartBytes, $"the cap of {limits.MaxPartBytes} bytes for one piece"),
            (limits.MaxItemBytes - Current.Bytes, $"the cap of {limits.MaxItemBytes} bytes for one item"),
            (limits.MaxBytes - taken, $"the cap of {limits.MaxBytes} bytes for all"),
            (room - taken, "what the disk has room for"),
        }.MinBy(c => c.Left);
        Write(spool.SetLength, 0L);
        using var part = new EvidencePart(spool, Math.Max(0, left), cap);
        string? error = null;
        try
        {
            write(part);
        }
        catch (OperationCanceledException)
        {
            part.Cut("the time was over");
            Keep(part, name, source, how, error);
            throw;
        }
        catch (Exception e) when (e is not EvidenceUnwritableException)
        {
            // Whatever goes wrong at one source, an unexpected format included, must not lose the others.
            error = e.Message;
        }
        Keep(part, name, source, how, error);
    }

    /// <summary>Writes the manifest and closes the archive, durably.</summary>
    public void Close(JsonObject manifest)
    {
        manifest["items"] = new JsonArray([.. items.Select(i => (JsonNode)i.ToManifest())]);
        using var text = new MemoryStream(Encoding.UTF8.GetBytes(manifest.ToJsonString(new() { WriteIndented = true })));
        Write(WriteEntry, (ManifestName, (Stream)text));
        Write(static a =>
        {
            a.tar.Dispose();
            a.compressed.Dispose();
            a.file.Flush(flushToDisk: true);
            a.file.Dispose();
        }, this);
    }

    public void Dispose()
    {
        foreach (var part in (IDisposable[])[tar, compressed, file, spool])
        {
            try
            {
                part.Dispose();
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                // The disk took no more, and whoever wrote was told: what is left of this archive is thrown away.
            }
        }
    }

    private void Keep(EvidencePart part, string name, string source, string how, string? error)
    {
        var path = part.Bytes > 0 || error is null ? Current.NameFor(name) : null;
        if (path is not null)
        {
            Write(static s => s.Flush(), spool);
            spool.Position = 0;
            Write(WriteEntry, (path, (Stream)spool));
            taken += part.Bytes;
        }
        Current.Add(path, source, how, part, error);
    }

    private void WriteEntry((string Name, Stream Content) entry) => tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, entry.Name)
    {
        DataStream = entry.Content,
        Mode = Private,
        ModificationTime = time.GetUtcNow(),
    });

    internal static void Write<T>(Action<T> write, T what)
    {
        try
        {
            write(what);
        }
        catch (IOException e)
        {
            throw new EvidenceUnwritableException($"the archive cannot be written: {e.Message}", e);
        }
    }

    private static FileStream Create(string path, FileOptions options)
    {
        var how = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.ReadWrite, Share = FileShare.Read, Options = options, BufferSize = 64 * 1024 };
        if (!OperatingSystem.IsWindows())
            how.UnixCreateMode = Private;
        return new FileStream(path, how);
    }
}
