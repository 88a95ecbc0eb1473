using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Voltaxe.Agent.Configuration;

/// <summary>How a hub's TLS certificate is checked: <c>ca_file</c> and <c>pin_sha256</c> of <c>agent.conf</c>.</summary>
/// <param name="Authorities">The only authorities that are trusted; null: those of the system.</param>
/// <param name="Pins">
/// SHA-256 of public keys (DER SPKI, 32 bytes each). When there are any, a certificate of the hub's chain must have one of them, besides
/// being valid.
/// </param>
public sealed record HubTrust(X509Certificate2Collection? Authorities, IReadOnlyList<byte[]> Pins)
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <summary>The system's authorities, no pin.</summary>
    public static HubTrust System { get; } = new(null, []);

    /// <summary>The certificates of a PEM file, or null with the fault.</summary>
    public static X509Certificate2Collection? ReadAuthorities(string path, out string? fault)
    {
        var read = new X509Certificate2Collection();
        try
        {
            read.ImportFromPemFile(path);
            fault = read.Count == 0 ? $"{path} holds no certificate (PEM, -----BEGIN CERTIFICATE-----)" : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            fault = $"{path} cannot be read: {e.Message}";
        }
        return fault is null ? read : null;
    }

    /// <summary>Pins in base64 or hexadecimal, separated by commas; null with the fault.</summary>
    public static IReadOnlyList<byte[]>? ReadPins(string text, out string? fault)
    {
        var pins = new List<byte[]>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var hex = part.Replace(":", "", StringComparison.Ordinal);
            var pin = new byte[SHA256.HashSizeInBytes];
            var isHex = hex.Length == 2 * pin.Length && hex.All(char.IsAsciiHexDigit);
            if (isHex)
                Convert.FromHexString(hex, pin, out _, out _);
            else if (!Convert.TryFromBase64String(part, pin, out var bytes) || bytes != pin.Length)
            {
                fault = $"'{part}' is not the SHA-256 of a public key: 44 characters of base64, or 64 of hexadecimal";
                return null;
            }
            pins.Add(pin);
        }
        fault = pins.Count == 0 ? "names no pin" : null;
        return fault is null ? pins : null;
    }

    /// <summary>The same, for a client's connections.</summary>
    /// <param name="now">What certificates' dates are compared with.</param>
    public SslClientAuthenticationOptions Options(Func<DateTimeOffset> now) => new()
    {
        CertificateChainPolicy = Policy(null),
        RemoteCertificateValidationCallback = (stream, certificate, chain, errors) =>
            WhyNot((stream as SslStream)?.TargetHostName, certificate as X509Certificate2, chain, errors, now()) is { } why ? throw new AuthenticationException(why) : true,
    };

    private X509ChainPolicy Policy(DateTimeOffset? at)
    {
        // An isolated host reaches nobody to ask for more certificates, or whether one was revoked.
        var policy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        policy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        if (at is { } time)
            policy.VerificationTime = time.UtcDateTime;
        if (Authorities is null)
            return policy;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.CustomTrustStore.AddRange(Authorities);
        return policy;
    }

    private string? WhyNot(string? host, X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors, DateTimeOffset now)
    {
        if (certificate is null || chain is null)
            return "the hub showed no certificate";
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
            return $"the hub's certificate is for another name: {NamesOf(certificate)}, not {host}";
        using var judged = new X509Chain { ChainPolicy = Policy(now) };
        judged.ChainPolicy.ExtraStore.AddRange(chain.ChainElements.Select(e => e.Certificate).ToArray());
        if (!judged.Build(certificate))
            return Describe(certificate, judged.ChainStatus, now);
        if (Pins.Count == 0 || judged.ChainElements.Any(e => Pins.Any(pin => pin.AsSpan().SequenceEqual(PinOf(e.Certificate)))))
            return null;
        return $"the hub's certificate is valid, but its public key is not one of those in pin_sha256; it is {Convert.ToBase64String(PinOf(certificate))}";
    }

    /// <summary>What <c>pin_sha256</c> compares.</summary>
    public static byte[] PinOf(X509Certificate2 certificate) => SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo());

    private static string Describe(X509Certificate2 certificate, X509ChainStatus[] faults, DateTimeOffset now)
    {
        bool Is(X509ChainStatusFlags flag) => faults.Any(f => f.Status.HasFlag(flag));
        var clock = FormattableString.Invariant($"by the clock of this host it is {now.UtcDateTime:yyyy-MM-dd HH:mm} UTC");
        if (now > certificate.NotAfter)
            return FormattableString.Invariant($"the hub's certificate expired on {certificate.NotAfter.ToUniversalTime():yyyy-MM-dd HH:mm} UTC; {clock}");
        if (now < certificate.NotBefore)
            return FormattableString.Invariant($"the hub's certificate is not valid before {certificate.NotBefore.ToUniversalTime():yyyy-MM-dd HH:mm} UTC; {clock}");
        if (Is(X509ChainStatusFlags.NotTimeValid))
            return $"a certificate above the hub's has expired or is not valid yet; {clock}";
        if (Is(X509ChainStatusFlags.UntrustedRoot) || Is(X509ChainStatusFlags.NotSignatureValid) || Is(X509ChainStatusFlags.PartialChain))
            return $"the hub's certificate is not trusted: it was issued by {certificate.Issuer}, which is not among the authorities that are trusted here (ca_file names others)";
        return $"the hub's certificate is not valid: {string.Join(", ", faults.Select(f => f.Status).Distinct())}";
    }

    private static string NamesOf(X509Certificate2 certificate)
    {
        string[] names = [.. certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>()
            .SelectMany(e => e.EnumerateDnsNames().Concat(e.EnumerateIPAddresses().Select(a => a.ToString())))];
        return names.Length > 0 ? string.Join(", ", names) : certificate.Subject;
    }
}
