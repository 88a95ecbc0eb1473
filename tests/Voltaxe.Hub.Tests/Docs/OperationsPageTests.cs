using System.Collections;
using System.Reflection;
using System.Text.RegularExpressions;
using Voltaxe.Testing;

namespace Voltaxe.Hub.Tests.Docs;

/// <summary><c>docs/operations.md</c> has a line for every setting, and no line for what is none.</summary>
public sealed partial class OperationsPageTests
{
    private static readonly string Page = SourceTree.Read("docs/operations.md");

    [Fact]
    public void Every_setting_of_the_hub_has_a_line_and_every_line_is_a_setting()
    {
        var settings = SettingsOf(typeof(HubOptions), new HubOptions(), "Voltaxe").ToDictionary(s => s.Name, s => s.Default);
        Assert.True(settings.Count >= 30, $"only {settings.Count} settings");
        var lines = Line().Matches(Page).ToDictionary(m => m.Groups["name"].Value, m => m.Groups["default"].Value);
        Assert.Equal([], settings.Keys.Except(lines.Keys).Select(s => $"{s} has no line in docs/operations.md"));
        Assert.Equal([], lines.Keys.Except(settings.Keys).Select(s => $"{s} is in docs/operations.md, and no setting"));
        // A default that is a plain value stands there as it is.
        Assert.Equal([], settings.Where(s => s.Value is not null && !lines[s.Key].StartsWith($"`{s.Value}`", StringComparison.Ordinal)).Select(s => $"{s.Key} is {s.Value}, not {lines[s.Key]}"));
    }

    [Fact]
    public void What_the_readme_and_the_pages_link_to_is_there()
    {
        foreach (var page in new[] { "README.md", "docs/operations.md", "docs/proxy.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "THIRD-PARTY-NOTICES.md" })
        {
            foreach (Match link in Link().Matches(SourceTree.Read(page)))
            {
                var target = link.Groups[1].Value.Split('#')[0];
                var path = Path.GetFullPath(Path.Combine(SourceTree.Root, Path.GetDirectoryName(page)!, target));
                Assert.True(target.Contains("://", StringComparison.Ordinal) || target.Length == 0 || File.Exists(path) || Directory.Exists(path), $"{page} links to {target}");
            }
        }
    }

    /// <summary>Every value that the binder would set, by its environment variable; the default as text, or null where it is computed or none.</summary>
    private static IEnumerable<(string Name, string? Default)> SettingsOf(Type type, object? instance, string prefix)
    {
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.SetMethod is not null))
        {
            var (name, value) = ($"{prefix}__{property.Name}", instance is null ? null : property.GetValue(instance));
            var kind = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            if (kind == typeof(string) || kind.IsPrimitive || kind == typeof(TimeSpan))
                yield return (name, value switch { null => null, bool yes => yes ? "true" : "false", _ => FormattableString.Invariant($"{value}") });
            else if (kind.IsAssignableTo(typeof(IEnumerable)))
                yield return (name + "__0", null);
            else
            {
                foreach (var nested in SettingsOf(kind, value, name))
                    yield return nested;
            }
        }
    }

    [GeneratedRegex(@"^\| `(?<name>Voltaxe__\w+)`(?: …)? \| (?<default>[^|]*?) \|", RegexOptions.Multiline)]
    private static partial Regex Line();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();
}
