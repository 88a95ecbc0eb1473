using System.Security.Cryptography;
using System.Text;
using Voltaxe.Contracts.Crypto;

namespace Voltaxe.Hub.Security;

/// <summary>
/// The keys that must not lie in the database, in a folder of their own (files mode 0600): the hub's id, the key that signs commands
/// and the key of the seals. Nodes of one hub share the folder.
/// </summary>
public sealed class HubKeys
{
    private readonly ECDsa commandKey;
    private readonly byte[] sealKey;

    public HubKeys(string folder)
    {
        Directory.CreateDirectory(folder);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        HubId = Encoding.ASCII.GetString(ReadOrMake(Path.Combine(folder, "hub-id"), () => Encoding.ASCII.GetBytes("h-" + AgentIds.Encode(RandomNumberGenerator.GetBytes(17))[..26]))).Trim();
        sealKey = ReadOrMake(Path.Combine(folder, "seal.key"), () => RandomNumberGenerator.GetBytes(32));
        commandKey = ECDsa.Create();
        commandKey.ImportFromPem(Encoding.ASCII.GetString(ReadOrMake(Path.Combine(folder, "command.pem"), () =>
        {
            using var key = P256.Create();
            return Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem());
        })));
        CommandKeyId = P256.Fingerprint(commandKey);
        CommandPublicKey = P256.PublicKeyOf(commandKey);
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

    /// <summary>Written whole and to the disk before it is used; of two nodes that start at once, one wins and both use its file.</summary>
    private static byte[] ReadOrMake(string path, Func<byte[]> make)
    {
        if (!File.Exists(path))
        {
            var temporary = $"{path}.{Guid.NewGuid():N}";
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            using (var file = new FileStream(temporary, options))
            {
                file.Write(make());
                file.Flush(flushToDisk: true);
            }
            try
            {
                File.Move(temporary, path, overwrite: false);
            }
            catch (IOException) when (File.Exists(path))
            {
                File.Delete(temporary);
            }
        }
        return File.ReadAllBytes(path);
    }
}
