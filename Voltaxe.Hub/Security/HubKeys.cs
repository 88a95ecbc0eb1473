using System.Security.Cryptography;
using System.Text;
using Voltaxe.Contracts.Crypto;
using Voltaxe.Hub.Persistence;

namespace Voltaxe.Hub.Security;

/// <summary>
/// The keys that must not lie in the database, in a folder of their own (files mode 0600): the hub's id, the key that signs commands
/// and the key of the seals. Nodes of one hub share the folder.
/// </summary>
public sealed class HubKeys
{
    private const string Id = "hub-id", Seals = "seal.key", Commands = "command.pem";
    private const int SealBytes = 32;
    private static readonly string[] Names = [Id, Seals, Commands];
    private readonly ECDsa commandKey;
    private readonly byte[] sealKey;

    public HubKeys(string folder)
    {
        PrivateFiles.MakeFolder(folder);
        Make(folder);
        HubId = KeyFiles.Read(Path.Combine(folder, Id), bytes => Encoding.ASCII.GetString(bytes).Trim() is ['h', '-', _, ..] id ? id : throw new FormatException());
        sealKey = KeyFiles.Read(Path.Combine(folder, Seals), bytes => bytes.Length == SealBytes ? bytes : throw new FormatException());
        commandKey = KeyFiles.Read(Path.Combine(folder, Commands), bytes =>
        {
            var key = ECDsa.Create();
            key.ImportFromPem(Encoding.ASCII.GetString(bytes));
            return key;
        });
        CommandKeyId = P256.Fingerprint(commandKey);
        CommandPublicKey = P256.PublicKeyOf(commandKey);
    }

    /// <summary>Whether all of them are there.</summary>
    public static bool AreMade(string folder) => Names.All(name => File.Exists(Path.Combine(folder, name)));

    /// <summary>What processes that were killed left half-made. Only while no other process makes keys.</summary>
    public static void RemoveHalfMade(string folder) => Array.ForEach(Names, name => KeyFiles.RemoveHalfMade(Path.Combine(folder, name)));

    /// <summary>Makes those that are not there. Of two nodes that start at once, one wins and both use its keys.</summary>
    public static void Make(string folder)
    {
        if (AreMade(folder))
            return;
        KeyFiles.Make(Path.Combine(folder, Id), () => Encoding.ASCII.GetBytes("h-" + AgentIds.Encode(RandomNumberGenerator.GetBytes(17))[..26]));
        KeyFiles.Make(Path.Combine(folder, Seals), () => RandomNumberGenerator.GetBytes(SealBytes));
        KeyFiles.Make(Path.Combine(folder, Commands), () =>
        {
            using var key = P256.Create();
            return Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem());
        });
    }

    public string HubId { get; }

    /// <summary>The fingerprint that enrolment tokens carry.</summary>
    public string CommandKeyId { get; }

    public string CommandPublicKey { get; }

    public (string KeyId, string Signature) SignCommand(byte[] payload)
    {
        lock (commandKey)
            return (CommandKeyId, P256.Sign(commandKey, payload));
    }

    /// <summary>base64url HMAC-SHA256 over the parts, each with its length in front, so that no two lists of parts look alike.</summary>
    public string Seal(params ReadOnlySpan<string?> parts)
    {
        using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, sealKey);
        foreach (var part in parts)
        {
            var bytes = part is null ? null : Encoding.UTF8.GetBytes(part);
            mac.AppendData(BitConverter.GetBytes(bytes?.Length ?? -1));
            if (bytes is not null)
                mac.AppendData(bytes);
        }
        return Base64UrlText.Encode(mac.GetHashAndReset());
    }

    public bool SealHolds(string? seal, params ReadOnlySpan<string?> parts) =>
        seal is not null && CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(seal), Encoding.ASCII.GetBytes(Seal(parts)));
}
