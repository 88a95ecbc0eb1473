using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Voltaxe.Testing;
using Voltaxe.Testing.Processes;

namespace Voltaxe.EndToEnd.Tests.Starting;

/// <summary>The README's walk, out of the README, in bash: what a newcomer pastes into a shell.</summary>
[Collection(RealProcesses.Name)]
public sealed partial class WalkTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(7);

    [NeedsFact(Needs.Linux)]
    public async Task The_walk_of_the_readme_works_as_it_stands_and_ends_what_it_started()
    {
        using var folder = new TempFolder("walk");
        var script = folder.File("walk.sh");
        var temporary = folder.Folder("tmp");
        await File.WriteAllTextAsync(script, string.Join('\n', Blocks()));
        var port = FreePort.Next();
        // Only what would collide with other tests, or outlive this one: the port, the temporary folder, the compiler's server.
        var start = new ChildStart("bash", ["-e", script])
        {
            WorkingDirectory = SourceTree.Root,
            Environment = new Dictionary<string, string?>
            {
                ["HUB"] = $"http://127.0.0.1:{port}",
                ["TMPDIR"] = temporary,
                ["UseSharedCompilation"] = "false",
                ["MSBUILDDISABLENODEREUSE"] = "1",
                ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1",
                ["DOTNET_EnableDiagnostics"] = "0",
            },
        };
        await using var walk = ChildProcess.Start(start, "walk");
        var code = await walk.ExitAsync(Limit);
        if (code != 0)
            throw walk.Failure($"ended with {code}");
        var said = string.Join('\n', walk.StandardOutput);
        foreach (var expected in new[]
        {
            "\"status\":\"ready\"", $"http://127.0.0.1:{port}/sign-in/once", "\"presence\":\"live\"", "\"containment\":\"isolated\"",
            "manifest.json", "\"commands\":[{\"id\":", "\"status\":\"recorded\"",
        })
            Assert.True(said.Contains(expected, StringComparison.Ordinal), $"the walk did not show {expected}:\n{walk.Output}");
        foreach (var command in new[] { "network_isolate", "collect_forensics" })
            Assert.True(Executed(command).IsMatch(said), $"{command} was not executed:\n{walk.Output}");
        Assert.Equal(2, said.Split("event: end").Length - 1);
        Assert.DoesNotContain("urn:voltaxe:problem:", said, StringComparison.Ordinal);

        Assert.Empty(Directory.GetFileSystemEntries(temporary, "tmp.*")); // As mktemp names them; what else lies there is the SDK's own.
        Assert.Equal([], ProcessesNaming(temporary).Concat(ProcessesNaming(port.ToString(CultureInfo.InvariantCulture) + "\0")));
        using var listener = new TcpListener(IPAddress.Loopback, port);
        listener.Start(); // Nobody listens there any more.
    }

    private static IEnumerable<string> Blocks()
    {
        var walk = Section().Match(SourceTree.Read("README.md"));
        Assert.True(walk.Success, "the README has no walk");
        var blocks = Block().Matches(walk.Value).Select(m => m.Groups[1].Value).ToList();
        Assert.True(blocks.Count >= 5, $"only {blocks.Count} blocks");
        return blocks;
    }

    private static IEnumerable<string> ProcessesNaming(string what) => Directory.GetDirectories("/proc")
        .Where(entry => int.TryParse(Path.GetFileName(entry), CultureInfo.InvariantCulture, out _))
        .Select(CommandLineOf)
        .Where(line => line.Contains(what, StringComparison.Ordinal))
        .Select(line => line.Replace('\0', ' '));

    private static string CommandLineOf(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline"));
        }
        catch (IOException)
        {
            return ""; // It has just ended.
        }
    }

    private static Regex Executed(string command) => new($"data: .*\"command\":\"{command}\".*\"status\":\"executed\"");

    [GeneratedRegex(@"^## A walk with curl\n(?:.|\n)*?(?=^## )", RegexOptions.Multiline)]
    private static partial Regex Section();

    [GeneratedRegex(@"^```bash\n((?:.|\n)*?)^```", RegexOptions.Multiline)]
    private static partial Regex Block();
}
