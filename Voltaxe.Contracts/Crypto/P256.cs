using System.Security.Cryptography;
using System.Text;

namespace Voltaxe.Contracts.Crypto;

/// <summary>
/// The protocol's one signature scheme: ECDSA on P-256 with SHA-256, signatures as 64 bytes r‖s in base64url,
/// public keys as DER SubjectPublicKeyInfo in base64url.
/// </summary>
public static class P256
{
    private const string CurveOid = "1.2.840.10045.3.1.7";

    public static ECDsa Create() => ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public static string PublicKeyOf(ECDsa key) => Base64UrlText.Encode(key.ExportSubjectPublicKeyInfo());

    /// <summary>The key, or null when the text is not exactly one P-256 public key.</summary>
    public static ECDsa? TryImport(string? publicKey)
    {
        if (publicKey is null || publicKey.Length > 512 || !Base64UrlText.TryDecode(publicKey, out var der))
            return null;
        var key = ECDsa.Create();
        try
        {
            key.ImportSubjectPublicKeyInfo(der, out var read);
            if (read == der.Length && key.ExportParameters(false).Curve.Oid.Value == CurveOid && key.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(der))
                return key;
        }
        catch (CryptographicException)
        {
            // Not a key: the caller refuses it, as it does any other text.
        }
        key.Dispose();
        return null;
    }

    public static string Sign(ECDsa key, ReadOnlySpan<byte> bytes) =>
        Base64UrlText.Encode(key.SignData(bytes, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation));

    public static string Sign(ECDsa key, string text) => Sign(key, Encoding.UTF8.GetBytes(text));

    public static bool Verify(ECDsa key, ReadOnlySpan<byte> bytes, string? signature) =>
        Base64UrlText.TryDecode(signature, out var raw) && raw.Length == 64
        && key.VerifyData(bytes, raw, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);

    public static bool Verify(ECDsa key, string text, string? signature) => Verify(key, Encoding.UTF8.GetBytes(text), signature);

    /// <summary>The first 16 characters of base64url SHA-256 of the DER SPKI: what an enrolment token carries, and the <c>key_id</c> of a command key.</summary>
    public static string Fingerprint(ECDsa key) => Base64UrlText.Encode(SHA256.HashData(key.ExportSubjectPublicKeyInfo()))[..16];

    /// <summary>What an enrolling agent signs: <c>token|hostname|public_key</c> exactly as sent.</summary>
    public static string EnrolmentText(string token, string hostname, string publicKey) => $"{token}|{hostname}|{publicKey}";

    /// <summary>What a pinned command key signs about its successor: <c>key_id|public_key|not_before</c> exactly as sent.</summary>
    public static string KeyAnnouncementText(string keyId, string publicKey, string notBefore) => $"{keyId}|{publicKey}|{notBefore}";
}
