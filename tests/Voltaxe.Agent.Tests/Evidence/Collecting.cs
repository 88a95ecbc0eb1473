using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using Voltaxe.Agent.Actions;
using Voltaxe.Agent.Configuration;
using Voltaxe.Agent.Evidence;
using Voltaxe.Agent.Execution;
using Voltaxe.Agent.Execution.Journalling;
using Voltaxe.Agent.Platform;
using Voltaxe.Agent.Platform.Linux.Forensics;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Wire;
using Voltaxe.Testing;

namespace Voltaxe.Agent.Tests.Evidence;

/// <summary>The action as the executor runs it, on this host, with a temporary folder of the test's own and an upload that only keeps what it gets.</summary>
internal sealed class Collecting : IDisposable
{
    private readonly TempFolder root = new("collect");

    public Collecting()
    {
        Temp = root.Folder("temp");
        Locker = new EvidenceLocker(Path.Combine(root.Folder("state"), "evidence"), TimeProvider.System);
        Forensics = new LinuxForensics(BootTime.ReadBootId(), Sources, TimeProvider.System);
    }

    public string Temp { get; }
    public string State => root.Folder("state");
    public EvidenceLocker Locker { get; set; }
    public ForensicSources Sources => new() { TempFolders = [Temp], Own = State };
    public IForensics Forensics { get; set; }
    public EvidenceLimits Limits { get; set; } = new();
    public TimeProvider Time { get; set; } = TimeProvider.System;
    public KeptUpload Upload { get; } = new();

    public async Task<ActionResult> RunAsync(Guid? uid = null, CancellationToken ct = default, params string[] items)
    {
        var action = new CollectForensics(new HostPlatform("linux", null, null, Forensics), new EvidenceMaker(Locker, Limits, Time, () => null), Locker, Upload,
            new ProgressTeller(new Outbox(Time), new HubClock(Time, "b"), Time), Time);
        var parameters = JsonSerializer.SerializeToElement(new { collect = items });
        var result = await action.RunAsync(new ActionOrder(uid ?? Guid.CreateVersion7(), new AcceptedCommand(1, 1, CommandNames.CollectForensics, parameters, "", "", DateTimeOffset.MaxValue), false), ct);
        if (result.Data is { } data)
            Assert.InRange(data.GetRawText().Length, 1, ResultReport.MaxDataBytes);
        return result;
    }

    /// <summary>Collects, and unpacks what was uploaded.</summary>
    public async Task<Unpacked> CollectAsync(params string[] items)
    {
        var result = await RunAsync(null, default, items);
        Assert.Equal(Outcome.Executed, result.Outcome);
        var evidence = result.Data!.Value.GetProperty("evidence");
        Assert.Equal((Upload.Bytes!.LongLength, Convert.ToHexStringLower(SHA256.HashData(Upload.Bytes))), (evidence.GetProperty("size").GetInt64(), evidence.GetProperty("sha256").GetString()));
        return new Unpacked(Upload.Bytes, result);
    }

    public void Dispose() => root.Dispose();
}

/// <summary>Keeps what it is given, once the test lets it.</summary>
internal sealed class KeptUpload : IEvidenceUpload
{
    public byte[]? Bytes { get; private set; }
    public int Times { get; private set; }
    /// <summary>Instead of the upload.</summary>
    public Func<SealedEvidence, Action<UploadState>, CancellationToken, Task>? Instead { get; set; }

    public async Task<string> SendAsync(SealedEvidence evidence, Action<UploadState> stands, CancellationToken ct)
    {
        Times++;
        if (Instead is not null)
            await Instead(evidence, stands, ct);
        Bytes = await File.ReadAllBytesAsync(evidence.Path, ct);
        stands(new UploadState(evidence.Size, null));
        return "e-1";
    }
}

/// <summary>An archive, taken apart. What its manifest says of sizes and hashes is checked of every piece.</summary>
internal sealed class Unpacked
{
    public Unpacked(byte[] archive, ActionResult result)
    {
        Result = result;
        using var reader = new TarReader(new GZipStream(new MemoryStream(archive), CompressionMode.Decompress));
        while (reader.GetNextEntry() is { } entry)
        {
            Assert.Equal(TarEntryType.RegularFile, entry.EntryType);
            Assert.Matches(@"^(manifest\.json|[a-z_]+/[A-Za-z0-9_][A-Za-z0-9._-]*)$", entry.Name);
            using var content = new MemoryStream();
            entry.DataStream?.CopyTo(content);
            Files.Add(entry.Name, content.ToArray());
        }
        Manifest = JsonElement.Parse(Files["manifest.json"]);
        var listed = Items.SelectMany(i => i.GetProperty("pieces").EnumerateArray()).Where(p => p.TryGetProperty("path", out _)).ToList();
        Assert.Equal(Files.Keys.Where(n => n != "manifest.json").Order(), listed.Select(p => p.GetProperty("path").GetString()!).Order());
        foreach (var piece in listed)
        {
            var bytes = Files[piece.GetProperty("path").GetString()!];
            Assert.Equal((bytes.LongLength, Convert.ToHexStringLower(SHA256.HashData(bytes))), (piece.GetProperty("bytes").GetInt64(), piece.GetProperty("sha256").GetString()));
        }
    }

    public ActionResult Result { get; }
    public Dictionary<string, byte[]> Files { get; } = [];
    public JsonElement Manifest { get; }
    public IEnumerable<JsonElement> Items => Manifest.GetProperty("items").EnumerateArray();

    public JsonElement Item(string name) => Items.Single(i => i.GetProperty("name").GetString() == name);

    public string Status(string item) => Item(item).GetProperty("status").GetString()!;

    public string Text(string path) => System.Text.Encoding.UTF8.GetString(Files[path]);

    public IEnumerable<JsonElement> Lines(string path) => Text(path).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonElement.Parse(l));

    /// <summary>The piece with this source, or null.</summary>
    public JsonElement? Piece(string item, string source) => Item(item).GetProperty("pieces").EnumerateArray().Cast<JsonElement?>().SingleOrDefault(p => p!.Value.GetProperty("source").GetString() == source);

    /// <summary>Why this source was not taken, with its status in front; null where nothing is said of it.</summary>
    public string? NotTaken(string item, string source) => Item(item).GetProperty("not_taken").EnumerateArray()
        .Where(p => p.GetProperty("source").GetString() == source).Select(p => $"{p.GetProperty("status")}: {p.GetProperty("why")}").SingleOrDefault();

    public byte[] Content(string item, string source) => Files[Piece(item, source)!.Value.GetProperty("path").GetString()!];
}
