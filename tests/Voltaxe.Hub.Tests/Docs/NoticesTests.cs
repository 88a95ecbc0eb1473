using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Voltaxe.Testing;

namespace Voltaxe.Hub.Tests.Docs;

/// <summary>THIRD-PARTY-NOTICES.md, against what hub and agent were restored with.</summary>
public sealed partial class NoticesTests
{
    private const string OfTheSdk = "as the SDK";

    /// <summary>Has no library, and is shipped all the same: the script of interactive pages.</summary>
    private const string Script = "Microsoft.AspNetCore.App.Internal.Assets";

    /// <summary>Packages that name no licence expression, and what was read of them by a person.</summary>
    private static readonly Dictionary<string, string> Read = new() { ["MediatR 5.1.0"] = "Apache-2.0", ["SQLite 3.53.4"] = "public domain" };

    private sealed record Package(string Name, string Version, string Licence);

    [Fact]
    public void Every_package_that_is_shipped_has_its_line_with_version_and_licence_and_no_other_has_one()
    {
        var listed = Row().Matches(SourceTree.Read("THIRD-PARTY-NOTICES.md"))
            .Select(m => (new Package(m.Groups["name"].Value, m.Groups["version"].Value, m.Groups["licence"].Value), In: m.Groups["in"].Value)).ToList();
        var shipped = ShippedWith("Voltaxe.Hub").Select(p => (p, In: "hub")).Concat(ShippedWith("Voltaxe.Agent").Select(p => (p, In: "agent")))
            .GroupBy(s => s.p).Select(g => (g.Key, In: string.Join(", ", g.Select(s => s.In)))).ToList();
        Assert.True(shipped.Count >= 20, $"only {shipped.Count} packages");
        Assert.Equal([], shipped.Except(listed).Select(s => $"has no line: {s}"));
        Assert.Equal([], listed.Except(shipped).Select(s => $"is not shipped so: {s}"));
    }

    [Fact]
    public void The_licence_is_whole_and_every_other_licence_has_its_text()
    {
        var licence = SourceTree.Read("LICENSE");
        foreach (var part in new[] { "Version 2.0, January 2004", "9. Accepting Warranty or Additional Liability.", "END OF TERMS AND CONDITIONS", "Copyright 2026 The Voltaxe authors" })
            Assert.Contains(part, licence, StringComparison.Ordinal);
        var notices = SourceTree.Read("THIRD-PARTY-NOTICES.md");
        foreach (var name in Row().Matches(notices).Select(m => m.Groups["licence"].Value).Distinct().Where(l => l != "public domain"))
            Assert.Contains($"\n## {name}\n", notices, StringComparison.Ordinal);
        Assert.Contains("<PackageLicenseExpression>Apache-2.0</PackageLicenseExpression>", SourceTree.Read("Directory.Build.props"), StringComparison.Ordinal);
    }

    private static IEnumerable<Package> ShippedWith(string project)
    {
        var assets = JsonNode.Parse(SourceTree.Read($"{project}/obj/project.assets.json"))!;
        var dependencies = assets["project"]!["frameworks"]!["net10.0"]!["dependencies"]!.AsObject();
        foreach (var (key, package) in assets["targets"]!["net10.0"]!.AsObject())
        {
            var (name, version) = (key.Split('/')[0], key.Split('/')[1]);
            var files = new[] { "runtime", "native", "runtimeTargets" }.SelectMany(kind => package![kind]?.AsObject().Select(f => f.Key) ?? []);
            if (package!["type"]!.GetValue<string>() != "package" || name != Script && files.All(f => f.EndsWith("/_._", StringComparison.Ordinal)))
                continue;
            var ofTheSdk = dependencies[name]?["autoReferenced"]?.GetValue<bool>() == true;
            yield return new Package(name, ofTheSdk ? OfTheSdk : version, LicenceOf(assets, key));
        }
    }

    private static string LicenceOf(JsonNode assets, string key)
    {
        var library = assets["libraries"]![key]!;
        var folder = assets["packageFolders"]!.AsObject().Select(f => Path.Combine(f.Key, library["path"]!.GetValue<string>())).First(Directory.Exists);
        var nuspec = library["files"]!.AsArray().Select(f => f!.GetValue<string>()).Single(f => f.EndsWith(".nuspec", StringComparison.Ordinal));
        return Expression().Match(File.ReadAllText(Path.Combine(folder, nuspec))) is { Success: true } named ? named.Groups[1].Value : Read[key.Replace('/', ' ')];
    }

    [GeneratedRegex(@"^\| (?<name>[\w.]+) \| (?<version>[^|]+) \| (?<licence>[^|]+) \| [^|]+ \| (?<in>hub|agent|hub, agent) \|$", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("<license type=\"expression\">([^<]+)</license>")]
    private static partial Regex Expression();
}
