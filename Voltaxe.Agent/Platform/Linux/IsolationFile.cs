using System.Text.Json;
using System.Text.Json.Serialization;
using Voltaxe.Agent.Configuration;
using Voltaxe.Contracts.Json;

namespace Voltaxe.Agent.Platform.Linux;

/// <summary>The isolation that this agent has put up: what observing compares the kernel with, and where the hub is while names do not resolve.</summary>
/// <param name="Uid">Whose isolation it is.</param>
/// <param name="Since">Hub time.</param>
/// <param name="Hubs">Host and port, as configured, with the addresses that are let through.</param>
/// <param name="Digest">Of the table as the kernel showed it right after loading.</param>
public sealed record IsolationFile(Guid Uid, DateTimeOffset Since, IReadOnlyList<string> Allow, IReadOnlyDictionary<string, string[]> Hubs, string Digest)
{
    public static IsolationFile? Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(path), IsolationJson.Default.IsolationFile);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (JsonException e)
        {
            throw new PlatformException("state_unreadable", $"{path}: {e.Message}");
        }
    }

    public void Write(string path) => StateFolder.WriteDurably(path, JsonSerializer.Serialize(this, IsolationJson.Default.IsolationFile));
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, Converters = [typeof(WireTime)])]
[JsonSerializable(typeof(IsolationFile))]
internal sealed partial class IsolationJson : JsonSerializerContext;
