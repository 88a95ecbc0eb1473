using System.Globalization;
using System.Text;

namespace Voltaxe.Dashboard.Model.Texts;

/// <summary>
/// Text that an agent said, or that somebody may have sent through one, made fit to be looked at: no terminal escapes, no control
/// characters, nothing that turns the reading direction or hides, no towers of accents, and a length that a screen can bear.
/// Encoding for HTML stays Razor's.
/// </summary>
public static class SafeText
{
    /// <summary>How long one line may get before it is cut.</summary>
    public const int LineMax = 200;

    /// <summary>How long a block may get before it is cut.</summary>
    public const int BlockMax = 4_000;

    private const int MarksInARow = 3, EscapeMax = 256;

    /// <summary>As one line: line breaks and tabs become spaces.</summary>
    public static string Line(string? text, int max = LineMax) => Clean(text, max, breaks: false);

    /// <summary>With its line breaks.</summary>
    public static string Block(string? text, int max = BlockMax) => Clean(text, max, breaks: true);

    private static string Clean(string? text, int max, bool breaks)
    {
        if (string.IsNullOrEmpty(text))
            return "";
        if (breaks)
            text = text.ReplaceLineEndings("\n");
        var clean = new StringBuilder(Math.Min(text.Length, max));
        var marks = 0;
        var at = 0;
        while (at < text.Length)
        {
            if (clean.Length >= max)
                return Cut(clean, max, text.Length - at);
            if (text[at] is '\u001b' or '\u009b' or '\u009d')
            {
                at = AfterEscape(text, at);
                continue;
            }
            var whole = Rune.TryGetRuneAt(text, at, out var rune);
            at += whole ? rune.Utf16SequenceLength : 1;
            Append(clean, whole ? rune : Rune.ReplacementChar, breaks, ref marks);
        }
        return clean.Length > max ? Cut(clean, max, 0) : clean.ToString().Trim();
    }

    private static void Append(StringBuilder clean, Rune rune, bool breaks, ref int marks)
    {
        var category = Rune.GetUnicodeCategory(rune);
        marks = category is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark ? marks + 1 : 0;
        if (rune.Value is '\n' or 0x2028 or 0x2029 && breaks)
            clean.Append('\n');
        else if (rune.Value is '\n' or '\r' or '\t' or 0x2028 or 0x2029 || category == UnicodeCategory.SpaceSeparator)
            Space(clean, always: breaks);
        else if (category is not (UnicodeCategory.Control or UnicodeCategory.Format) && marks <= MarksInARow)
            clean.Append(rune.ToString());
    }

    /// <summary>In one line, runs of blanks become one; in a block they may be an indent and stay.</summary>
    private static void Space(StringBuilder clean, bool always)
    {
        if (always || (clean.Length > 0 && clean[^1] is not (' ' or '\n')))
            clean.Append(' ');
    }

    /// <summary>Past a terminal sequence: <c>ESC [ … letter</c>, <c>ESC ] … BEL</c>, or a single escaped character.</summary>
    private static int AfterEscape(string text, int at)
    {
        var kind = text[at] switch { '\u009b' => '[', '\u009d' => ']', _ => at + 1 < text.Length ? text[at + 1] : '\0' };
        var from = text[at] == '\u001b' ? at + 2 : at + 1;
        if (kind == '[')
        {
            while (from < text.Length && text[from] is >= ' ' and <= '?')
                from++;
            return Math.Min(from + 1, text.Length);
        }
        if (kind != ']')
            return at + 1;
        // An operating-system command that never ends would hide the rest of the message: then only its start goes.
        for (var end = from; end < text.Length && end - from < EscapeMax; end++)
        {
            if (text[end] is '\u0007' or '\u009c')
                return end + 1;
            if (text[end] == '\u001b')
                return Math.Min(end + 2, text.Length);
        }
        return from;
    }

    private static string Cut(StringBuilder clean, int max, int rest)
    {
        var keep = Math.Min(max, clean.Length);
        if (keep > 0 && char.IsHighSurrogate(clean[keep - 1]))
            keep--;
        var more = rest + clean.Length - keep;
        return string.Create(CultureInfo.InvariantCulture, $"{clean.ToString(0, keep)}… ({more:N0} more characters)");
    }
}
