using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;

namespace Voltaxe.EndToEnd.Tests.Product;

/// <summary>
/// Evidence as an operator gets it: measured, hashed and taken apart while it comes, by nobody's code but .NET's own. That every piece in
/// it is as its manifest says is checked here.
/// </summary>
public sealed class EvidenceCopy
{
    private const string ManifestName = "manifest.json";
    private const int MostKept = 1024 * 1024;

    private readonly Dictionary<string, (long Bytes, string Sha256, byte[]? Content)> files = new(StringComparer.Ordinal);

    private EvidenceCopy() { }

    public long Size { get; private init; }
    public string Sha256 { get; private set; } = "";
    public JsonElement Manifest { get; private set; }
    public IEnumerable<JsonElement> Items => Manifest.GetProperty("items").EnumerateArray();

    /// <summary>The names in the archive.</summary>
    public IReadOnlyCollection<string> Names => files.Keys;

    public static async Task<EvidenceCopy> DownloadAsync(HttpClient http, string id)
    {
        using var answer = await http.GetAsync("/api/v1/evidence/" + id, HttpCompletionOption.ResponseHeadersRead);
        if (!answer.IsSuccessStatusCode)
            throw new InvalidOperationException($"the copy of {id} was answered {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
        return await ReadAsync(await answer.Content.ReadAsStreamAsync(), answer.Content.Headers.ContentLength ?? throw new InvalidOperationException("a copy that does not say how long it is"));
    }

    public static async Task<EvidenceCopy> OpenAsync(string path)
    {
        await using var file = File.OpenRead(path);
        return await ReadAsync(file, file.Length);
    }

    /// <summary>The piece that comes from there on the host, and is in the archive.</summary>
    public JsonElement Piece(string item, string source) =>
        Pieces(item).Single(p => p.GetProperty("source").GetString() == source);

    public IEnumerable<JsonElement> Pieces(string item) => Item(item).GetProperty("pieces").EnumerateArray();

    /// <summary>What became of that source, with the reason.</summary>
    public string NotTaken(string item, string source) => Item(item).GetProperty("not_taken").EnumerateArray()
        .Where(p => p.GetProperty("source").GetString() == source).Select(p => $"{p.GetProperty("status")}: {p.GetProperty("why")}").Single();

    /// <summary>The text of a small piece.</summary>
    public string Text(JsonElement piece) => System.Text.Encoding.UTF8.GetString(files[piece.GetProperty("path").GetString()!].Content ?? throw new InvalidOperationException("too large to be kept"));

    private JsonElement Item(string name) => Items.Single(i => i.GetProperty("name").GetString() == name);

    private static async Task<EvidenceCopy> ReadAsync(Stream archive, long size)
    {
        var copy = new EvidenceCopy { Size = size };
        using var sha = SHA256.Create();
        await using (var hashed = new CryptoStream(archive, sha, CryptoStreamMode.Read))
        {
            await using (var unzipped = new GZipStream(hashed, CompressionMode.Decompress, leaveOpen: true))
            await using (var tar = new TarReader(unzipped))
            {
                while (await tar.GetNextEntryAsync() is { } entry)
                    await copy.KeepAsync(entry);
            }
            await hashed.CopyToAsync(Stream.Null);
        }
        copy.Sha256 = Convert.ToHexStringLower(sha.Hash!);
        copy.Compare();
        return copy;
    }

    private async Task KeepAsync(TarEntry entry)
    {
        if (entry.EntryType != TarEntryType.RegularFile)
            throw new InvalidOperationException($"{entry.Name} is a {entry.EntryType}");
        var content = entry.DataStream ?? Stream.Null;
        if (entry.Length > MostKept && entry.Name != ManifestName)
        {
            files.Add(entry.Name, (entry.Length, Convert.ToHexStringLower(await SHA256.HashDataAsync(content)), null));
            return;
        }
        using var kept = new MemoryStream();
        await content.CopyToAsync(kept);
        if (entry.Name == ManifestName)
            Manifest = JsonElement.Parse(kept.ToArray());
        else
            files.Add(entry.Name, (kept.Length, Convert.ToHexStringLower(SHA256.HashData(kept.ToArray())), kept.ToArray()));
    }

    private void Compare()
    {
        var listed = Items.SelectMany(i => i.GetProperty("pieces").EnumerateArray()).Where(p => p.TryGetProperty("path", out _))
            .ToDictionary(p => p.GetProperty("path").GetString()!, p => (p.GetProperty("bytes").GetInt64(), p.GetProperty("sha256").GetString()!));
        foreach (var name in listed.Keys.Union(files.Keys))
        {
            if (!listed.TryGetValue(name, out var said) || !files.TryGetValue(name, out var found) || said != (found.Bytes, found.Sha256))
                throw new InvalidOperationException($"{name} is not as the manifest says: {Manifest}");
        }
    }
}
