using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Voltaxe.Contracts.Crypto;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Hub.Agents;

/// <summary>
/// An agent's JWT, read by hand and strictly: the one algorithm, no header that names a key or anything else, every claim present.
/// </summary>
public sealed class Assertion
{
    public static readonly TimeSpan LongestLife = TimeSpan.FromMinutes(5);

    /// <summary>How far an agent's reckoning of hub time may run ahead.</summary>
    public static readonly TimeSpan Leeway = TimeSpan.FromSeconds(30);

    private const int LongestText = 4_096, LongestJti = 128;

    /// <summary>The year 9999, in seconds since 1970.</summary>
    private const long LatestTime = 253_370_764_800;

    private readonly byte[] signed;
    private readonly string signature;

    private Assertion(string agentId, string jti, DateTimeOffset issuedAt, DateTimeOffset expiresAt, byte[] signed, string signature) =>
        (AgentId, Jti, IssuedAt, ExpiresAt, this.signed, this.signature) = (agentId, jti, issuedAt, expiresAt, signed, signature);

    public string AgentId { get; }

    public string Jti { get; }

    /// <summary>By the clock of whoever signed it.</summary>
    public DateTimeOffset IssuedAt { get; }

    public DateTimeOffset ExpiresAt { get; }

    /// <summary>Null where anything is not as it must be, but for the signature, and for what time it is.</summary>
    public static Assertion? TryRead(string? text, string hubId)
    {
        if (text is not { Length: <= LongestText } || text.Split('.') is not [var head, var body, var signature])
            return null;
        if (Part<AssertionHeader>(head, WireJson.Strict) is not { Alg: "ES256", Typ: "JWT" })
            return null;
        if (Part<AssertionClaims>(body, WireJson.Default.Options) is not { Iss: { } issuer, Sub: { } subject, Aud: { } audience, Iat: { } issued, Exp: { } expires, Jti: { Length: > 0 and <= LongestJti } jti })
            return null;
        var fits = issuer == subject && AgentIds.IsAgentId(issuer) && audience == hubId && !jti.Any(char.IsControl)
            && issued is > 0 and < LatestTime && expires >= issued && expires < LatestTime;
        return fits ? new(issuer, jti, DateTimeOffset.FromUnixTimeSeconds(issued), DateTimeOffset.FromUnixTimeSeconds(expires), Encoding.ASCII.GetBytes($"{head}.{body}"), signature) : null;
    }

    /// <summary>It begins and ends where it must, by the hub's clock.</summary>
    public bool IsTimely(DateTimeOffset now)
    {
        var (seconds, issued, expires) = (now.ToUnixTimeSeconds(), IssuedAt.ToUnixTimeSeconds(), ExpiresAt.ToUnixTimeSeconds());
        return expires > seconds && expires <= seconds + (long)LongestLife.TotalSeconds && issued <= seconds + (long)Leeway.TotalSeconds;
    }

    public bool IsSignedBy(ECDsa key) => P256.Verify(key, signed, signature);

    private static T? Part<T>(string text, JsonSerializerOptions options) where T : class
    {
        try
        {
            return Base64UrlText.TryDecode(text, out var json) ? JsonSerializer.Deserialize<T>(json, options) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
