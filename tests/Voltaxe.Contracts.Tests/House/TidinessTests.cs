using Voltaxe.Testing;

namespace Voltaxe.Contracts.Tests.House;

public sealed class TidinessTests
{
    private static readonly string[] Texts = [".cs", ".razor", ".css", ".js", ".md", ".csproj", ".props", ".targets", ".json", ".sh", ".sln", ".yml", ".http"];

    /// <summary>Put together here, so that this file does not find itself.</summary>
    private static readonly string[] Unfinished = ["NotImplemented" + "Exception", "TO" + "DO", "FIX" + "ME", "HA" + "CK:"];

    private static readonly string[] EmptyNames = ["Common", "Shared", "Helpers", "Utils", "Services", "Manager"];

    [Fact]
    public void Nothing_is_left_for_later_in_the_sources() => Nothing(Findings(Unfinished));

    [Fact]
    public void No_path_of_a_persons_machine_is_in_the_sources()
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        string[] paths = [SourceTree.Root + "/", .. home.Length > 5 ? new[] { home + "/" } : [], "/home" + "/", "/Users" + "/", @"C:\" + "Users"];
        Nothing(Findings(paths));
    }

    [Fact]
    public void No_file_or_folder_has_a_name_that_says_nothing()
    {
        var vague = SourceTree.Files(".").Where(file => file.Split('/').Select(part => part.Split('.')[0]).Any(part =>
            EmptyNames.Any(name => part == name || part.EndsWith(name, StringComparison.Ordinal))));
        Nothing(vague);
    }

    [Fact]
    public void No_package_has_a_version_outside_the_central_list()
    {
        var own = SourceTree.Files(".", ".csproj", ".props", ".targets")
            .Where(file => !file.EndsWith("Directory.Packages.props", StringComparison.Ordinal))
            .SelectMany(file => SourceTree.Read(file).Split('\n').Where(line => line.Contains("<PackageReference", StringComparison.Ordinal) && line.Contains("Version=", StringComparison.Ordinal)).Select(line => $"{file}: {line.Trim()}"));
        Nothing(own);
        Assert.All(SourceTree.Read("Directory.Packages.props").Split('\n').Where(line => line.Contains("<PackageVersion", StringComparison.Ordinal)),
            line => Assert.Matches("""Version="\[\d+(\.\d+)+\]" """.TrimEnd(), line));
    }

    private static void Nothing(IEnumerable<string> findings)
    {
        var all = findings.ToArray();
        Assert.True(all.Length == 0, string.Join('\n', all));
    }

    private static IEnumerable<string> Findings(string[] words) =>
        from file in SourceTree.Files(".", Texts)
        let text = SourceTree.Read(file)
        from word in words
        where text.Contains(word, StringComparison.Ordinal)
        select $"{file}: {word}";
}
