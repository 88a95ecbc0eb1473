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
    private readonly byte[] signed;
    private readonly string signature;

    private Assertion(string agentId, string jti, DateTimeOffset expiresAt, byte[] signed, string signature) =>
        (AgentId, Jti, ExpiresAt, this.signed, this.signature) = (agentId, jti, expiresAt, signed, signature);

    public string AgentId { get; }

    public string Jti { get; }

    public DateTimeOffset ExpiresAt { get; }

    /// <summary>Null where anything is not as it must be, but for the signature.</summary>
    public static Assertion? TryRead(string? text, string hubId, DateTimeOffset now)
    {
        if (text is not { Length: <= LongestText } || text.Split('.') is not [var head, var body, var signature])
            return null;
        if (Part<AssertionHeader>(head, WireJson.Strict) is not { Alg: "ES256", Typ: "JWT" })
            return null;
        if (Part<AssertionClaims>(body, WireJson.Default.Options) is not { Iss: { } issuer, Sub: { } subject, Aud: { } audience, Iat: { } issued, Exp: { } expires, Jti: { Length: > 0 and <= LongestJti } jti })
            return null;
        var seconds = now.ToUnixTimeSeconds();
        var fits = issuer == subject && AgentIds.IsAgentId(issuer) && audience == hubId && !jti.Any(char.IsControl)
            && expires > seconds && expires <= seconds + (long)LongestLife.TotalSeconds
            && issued <= seconds + (long)Leeway.TotalSeconds && issued <= expires;
        return fits ? new(issuer, jti, DateTimeOffset.FromUnixTimeSeconds(expires), Encoding.ASCII.GetBytes($"{head}.{body}"), signature) : null;
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
