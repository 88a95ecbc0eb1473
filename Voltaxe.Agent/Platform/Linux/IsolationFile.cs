using System.Text.Json;
using System.Text.Json.Serialization;
using Voltaxe.Agent.Configuration;
using Voltaxe.Contracts.Json;

namespace Voltaxe.Agent.Platform.Linux;

/// <summary>The isolation that this agent has put up: what observing compares the kernel with, and where the hub is while names do not resolve.</summary>
/// <param name="Uid">Whose isolation it is.</param>
/// <param name="Since">Hub time.</param>
/// <param name="Hubs">Host and port, as configured, with the addresses that are let through.</param>
/// <param name="Digest">Of the table as the kernel showed it right after loading; null while it is about to be loaded.</param>
public sealed record IsolationFile(Guid Uid, DateTimeOffset Since, IReadOnlyList<string> Allow, IReadOnlyDictionary<string, string[]> Hubs, string? Digest)
{
    /// <summary>What is written down, or null. A note that cannot be read is none: a table without one shows as tampered, and the next isolation writes it anew.</summary>
    public static IsolationFile? Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(path), IsolationJson.Default.IsolationFile) is { Allow: not null, Hubs: not null } read ? read : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    public void Write(string path) => StateFolder.WriteDurably(path, JsonSerializer.Serialize(this, IsolationJson.Default.IsolationFile));
}

/// <summary>The isolation file, carried in memory while the disk refuses it: a full disk must not keep a host from being isolated.</summary>
internal sealed class IsolationNote(string path)
{
    private (IsolationFile? Is, string Why)? carried;

    /// <summary>Why the file does not say what it should, or null.</summary>
    public string? NotWritten => carried?.Why;

    public IsolationFile? Read() => carried is { } c ? c.Is : IsolationFile.Read(path);

    /// <summary>Null takes it away.</summary>
    public void Write(IsolationFile? note)
    {
        try
        {
            if (note is not null)
                note.Write(path);
            else
            {
                File.Delete(path);
                StateFolder.SyncDirectory(Path.GetDirectoryName(path)!);
            }
            carried = null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            carried = (note, e.Message);
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, Converters = [typeof(WireTime)])]
[JsonSerializable(typeof(IsolationFile))]
internal sealed partial class IsolationJson : JsonSerializerContext;
