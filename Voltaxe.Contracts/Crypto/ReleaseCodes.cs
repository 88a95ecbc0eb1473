namespace Voltaxe.Contracts.Crypto;

/// <summary>
/// A release code as people carry it: <c>vtx_rel_&lt;payload&gt;.&lt;signature&gt;</c>, both base64url. The payload is the UTF-8 JSON text of a
/// <c>Wire.ReleasePayload</c>, the signature is the hub's command key's over those bytes, as in an envelope.
/// </summary>
public static class ReleaseCodes
{
    public const string Prefix = "vtx_rel_";

    /// <summary>Longer ones are not looked at.</summary>
    private const int MaxChars = 4_096;

    public static string Compose(ReadOnlySpan<byte> payload, string signature) => $"{Prefix}{Base64UrlText.Encode(payload)}.{signature}";

    /// <summary>Takes a code apart; white space, as line ends bring it into a long text that is pasted, does not count. Says nothing about whether the signature holds.</summary>
    public static bool TryRead(string? code, out byte[] payload, out string signature)
    {
        (payload, signature) = ([], "");
        if (code is null or { Length: > MaxChars })
            return false;
        var text = string.Concat(code.Where(c => !char.IsWhiteSpace(c)));
        var dot = text.LastIndexOf('.');
        if (!text.StartsWith(Prefix, StringComparison.Ordinal) || dot <= Prefix.Length || !Base64UrlText.TryDecode(text[Prefix.Length..dot], out payload))
            return false;
        signature = text[(dot + 1)..];
        return signature.Length > 0;
    }
}
