using System.Text.RegularExpressions;
using Voltaxe.Testing;

namespace Voltaxe.Contracts.Tests.House;

/// <summary>What the files of a project say that they see.</summary>
internal static partial class Sources
{
    /// <summary>Every namespace that a file opens or names in full, as found; comments and texts do not count.</summary>
    public static IEnumerable<string> SeenBy(string text)
    {
        foreach (var raw in text.Split('\n'))
        {
            var line = Texts().Replace(raw, "\"\"").TrimStart();
            if (line.StartsWith("//", StringComparison.Ordinal) || line.StartsWith("namespace ", StringComparison.Ordinal) || line.StartsWith("@namespace ", StringComparison.Ordinal))
                continue;
            if (Using().Match(line) is { Success: true } open)
                yield return open.Groups["name"].Value;
            else
            {
                foreach (Match full in FullName().Matches(line))
                    yield return full.Groups["name"].Value;
            }
        }
    }

    /// <summary>The folder of a file inside its project, with forward slashes, or an empty text at its top.</summary>
    public static string FolderOf(string file)
    {
        var parts = file.Split('/');
        return string.Join('/', parts[1..^1]);
    }

    /// <summary>The source files of a project; styles, scripts and settings open no doors.</summary>
    public static IEnumerable<string> Of(string project) => SourceTree.Files(project, ".cs", ".razor");

    /// <summary>Whether a namespace lies in another, or is it.</summary>
    public static bool Below(string name, string root) => name == root || name.StartsWith(root + ".", StringComparison.Ordinal);

    [GeneratedRegex("""@?"(?:[^"\\]|\\.)*" """, RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Texts();

    [GeneratedRegex(@"^@?(?:global\s+)?using\s+(?:static\s+)?(?:\w+\s*=\s*)?(?:global::)?(?<name>[A-Za-z_][\w.]*)")]
    private static partial Regex Using();

    [GeneratedRegex(@"(?<![\w.])(?:global::)?(?<name>Voltaxe\.\w+\.[A-Z][\w.]*|(?:Microsoft|MediatR|Npgsql|FluentValidation)\.[A-Z][\w.]*)")]
    private static partial Regex FullName();
}
