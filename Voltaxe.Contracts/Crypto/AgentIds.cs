using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Voltaxe.Contracts.Crypto;

/// <summary>Agent ids: <c>a-</c> and the first 26 characters of lower-case base32 of SHA-256 of the agent's public key (DER SPKI).</summary>
public static partial class AgentIds
{
    private const string Base32 = "abcdefghijklmnopqrstuvwxyz234567";

    public static string From(ECDsa key) => From(key.ExportSubjectPublicKeyInfo());

    public static string From(ReadOnlySpan<byte> subjectPublicKeyInfo) => "a-" + Encode(SHA256.HashData(subjectPublicKeyInfo))[..26];

    public static bool IsAgentId(string text) => Shape().IsMatch(text);

    /// <summary>Names of hosts: letters, digits, <c>-._</c>, at most 253, not shaped like an agent id, no dot at the end (in a URL, <c>.</c> and <c>..</c> are folders).</summary>
    public static bool IsHostName(string? text) => text is not null && HostShape().IsMatch(text) && text[^1] != '.' && !IsAgentId(text.ToLowerInvariant());

    public static string Encode(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder();
        int buffer = 0, bits = 0;
        foreach (var b in bytes)
        {
            buffer = (buffer << 8) | b;
            bits += 8;
            while (bits >= 5)
            {
                text.Append(Base32[(buffer >> (bits - 5)) & 31]);
                bits -= 5;
            }
            buffer &= (1 << bits) - 1;
        }
        if (bits > 0)
            text.Append(Base32[(buffer << (5 - bits)) & 31]);
        return text.ToString();
    }

    [GeneratedRegex(@"^a-[a-z2-7]{26}\z")]
    private static partial Regex Shape();

    [GeneratedRegex(@"^[A-Za-z0-9._-]{1,253}\z")]
    private static partial Regex HostShape();
}
