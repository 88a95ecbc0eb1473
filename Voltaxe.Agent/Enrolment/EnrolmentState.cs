using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Voltaxe.Agent.Configuration;
using Voltaxe.Contracts.Crypto;
using Voltaxe.Contracts.Json;

namespace Voltaxe.Agent.Enrolment;

/// <summary>Who this agent is, and whom it obeys.</summary>
public sealed record EnrolmentState
{
    public required string AgentId { get; init; }
    public required string HubId { get; init; }
    public required string Hostname { get; init; }
    public required IReadOnlyList<string> HubUrls { get; init; }
    public required IReadOnlyList<PinnedKey> PinnedKeys { get; init; }
    public required int PollSeconds { get; init; }

    /// <summary>The stored enrolment, or null where there is none.</summary>
    /// <exception cref="FormatException">The file is there but says nothing usable.</exception>
    public static EnrolmentState? Read(StateFolder folder)
    {
        string text;
        try
        {
            text = File.ReadAllText(folder.EnrolmentFile);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        try
        {
            return JsonSerializer.Deserialize(text, EnrolmentJson.Default.EnrolmentState);
        }
        catch (JsonException e)
        {
            throw new FormatException($"{folder.EnrolmentFile} cannot be read: {e.Message}", e);
        }
    }

    public void Write(StateFolder folder) =>
        StateFolder.WriteDurably(folder.EnrolmentFile, JsonSerializer.Serialize(this, EnrolmentJson.Default.EnrolmentState));
}

/// <summary>The agent's own key, its identity.</summary>
public static class AgentKey
{
    /// <summary>The stored key, or null where there is none.</summary>
    /// <exception cref="FormatException">The file is there but holds no P-256 private key.</exception>
    public static ECDsa? Read(StateFolder folder)
    {
        if (!File.Exists(folder.KeyFile))
            return null;
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(File.ReadAllText(folder.KeyFile));
            if (key.KeySize == 256 && P256.TryImport(P256.PublicKeyOf(key)) is not null)
                return key;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            key.Dispose();
            throw new FormatException($"{folder.KeyFile} holds no private key: {e.Message}", e);
        }
        key.Dispose();
        throw new FormatException($"{folder.KeyFile} holds no P-256 private key");
    }

    /// <summary>The stored key; a new one, made durable first, where there is none: a repeated enrolment shows the same key.</summary>
    public static ECDsa ReadOrMake(StateFolder folder)
    {
        if (Read(folder) is { } stored)
            return stored;
        var key = P256.Create();
        StateFolder.WriteDurably(folder.KeyFile, key.ExportPkcs8PrivateKeyPem());
        return key;
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, Converters = [typeof(WireTime)])]
[JsonSerializable(typeof(EnrolmentState))]
internal sealed partial class EnrolmentJson : JsonSerializerContext;
