using System.Globalization;
using System.Text;

namespace Voltaxe.Agent.Platform.Linux.Forensics;

/// <summary>Names of the host as text. Whoever may write to the host chooses them, and they may be any bytes but 0 and the slash.</summary>
internal static class HostNames
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <summary>Everything but printable ASCII as <c>%XX</c>, and the percent sign too: inert on every screen, and it can be turned back.</summary>
    public static string Encode(ReadOnlySpan<byte> name)
    {
        var text = new StringBuilder(name.Length);
        foreach (var b in name)
        {
            if (b is >= 0x20 and < 0x7f and not (byte)'%')
                text.Append((char)b);
            else
                text.Append(CultureInfo.InvariantCulture, $"%{b:X2}");
        }
        return text.ToString();
    }

    /// <summary>As it is where it is UTF-8, else encoded: for what is written into JSON, which makes everything in it inert.</summary>
    public static string Text(ReadOnlySpan<byte> name)
    {
        try
        {
            return Strict.GetString(name);
        }
        catch (DecoderFallbackException)
        {
            return Encode(name);
        }
    }

    public static string Encode(string name) => Encode(Encoding.UTF8.GetBytes(name));

    public static byte[] Join(ReadOnlySpan<byte> folder, ReadOnlySpan<byte> name) => folder is [.., (byte)'/'] ? [.. folder, .. name] : [.. folder, (byte)'/', .. name];
}
