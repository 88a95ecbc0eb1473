using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Voltaxe.Testing.Wire;

/// <summary>The protocol's encodings, spelled out once more so that a mistake in the product's own is seen.</summary>
public static class WireText
{
    private const string Base32 = "abcdefghijklmnopqrstuvwxyz234567";

    public static string Base64Url(ReadOnlySpan<byte> bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    public static byte[] FromBase64Url(string text) =>
        Convert.FromBase64String(text.Replace('-', '+').Replace('_', '/') + new string('=', (4 - text.Length % 4) % 4));

    public static string AgentId(byte[] publicKey)
    {
        var bits = string.Concat(SHA256.HashData(publicKey).Select(b => Convert.ToString(b, 2).PadLeft(8, '0')));
        return "a-" + string.Concat(Enumerable.Range(0, 26).Select(i => Base32[Convert.ToInt32(bits.Substring(i * 5, 5), 2)]));
    }

    public static string Sign(ECDsa key, string text) => Base64Url(key.SignData(Encoding.UTF8.GetBytes(text), HashAlgorithmName.SHA256));

    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    public static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    /// <summary>The objects of an array that may be missing, null or empty.</summary>
    public static IEnumerable<JsonObject> Objects(JsonObject of, string array) =>
        of[array] is JsonArray items ? items.Select(i => i!.AsObject()) : [];

    public static string Text(JsonObject of, string field) =>
        of[field]?.GetValue<string>() ?? throw new FormatException($"{field} is missing in {of.ToJsonString()}");

    public static long Number(JsonObject of, string field) =>
        of[field]?.GetValue<long>() ?? throw new FormatException($"{field} is missing in {of.ToJsonString()}");
}
