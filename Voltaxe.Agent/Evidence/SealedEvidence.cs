using System.Text.Json;
using System.Text.Json.Serialization;
using Voltaxe.Agent.Configuration;

namespace Voltaxe.Agent.Evidence;

/// <summary>An archive that is whole and on the disk, with what its result says: after a crash it is uploaded as it is.</summary>
/// <param name="Name">What the hub is told that it is called.</param>
/// <param name="Sha256">Of the file, 64 lower-case hexadecimal characters.</param>
/// <param name="Message">The result's.</param>
/// <param name="Data">The result's.</param>
public sealed record SealedEvidence(Guid Uid, string Name, long Size, string Sha256, string Message, JsonElement Data)
{
    /// <summary>Its kind on the wire.</summary>
    public const string Kind = "archive";

    [JsonIgnore]
    public string Path { get; init; } = "";

    internal void Write(string path) => StateFolder.WriteDurably(path, JsonSerializer.Serialize(this, SealJson.Default.SealedEvidence));

    /// <summary>Null where there is none that can be read.</summary>
    internal static SealedEvidence? Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(path), SealJson.Default.SealedEvidence);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(SealedEvidence))]
internal sealed partial class SealJson : JsonSerializerContext;
