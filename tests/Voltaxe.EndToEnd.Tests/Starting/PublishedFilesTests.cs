using System.Text.RegularExpressions;
using Voltaxe.EndToEnd.Tests.Product;
using Voltaxe.Testing;
using Voltaxe.Testing.Processes;

namespace Voltaxe.EndToEnd.Tests.Starting;

/// <summary>What <c>dotnet publish Voltaxe.Hub</c> lays out, and that its demo runs from there.</summary>
public sealed partial class PublishedFilesTests(PublishedHub published) : IClassFixture<PublishedHub>
{
    [NeedsFact(Needs.Linux)]
    public void The_demos_agent_lies_in_its_folder_and_nothing_of_it_beside_the_hub()
    {
        var files = Directory.GetFiles(published.Folder, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(published.Folder, f)).ToList();
        Assert.Equal([], files.Where(f => f.StartsWith("Voltaxe.Agent", StringComparison.Ordinal)));
        var built = Path.GetDirectoryName(SourceTree.Built("Voltaxe.Agent"))!;
        Assert.False(Directory.Exists(Path.Combine(built, "runtimes")), "the agent has files for single runtimes now: Voltaxe.Hub.csproj leaves them out");
        var expected = Directory.GetFiles(built).Select(f => Path.Combine("agent", Path.GetFileName(f))).ToList();
        Assert.Contains(Path.Combine("agent", "Voltaxe.Agent.dll"), expected);
        Assert.Equal(expected.Order(StringComparer.Ordinal), files.Where(f => f.StartsWith("agent/", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        foreach (var file in new[] { "Voltaxe.Hub", "Voltaxe.Hub.dll", "Voltaxe.Hub.runtimeconfig.json", "LICENSE", "NOTICE", "THIRD-PARTY-NOTICES.md" })
            Assert.Contains(file, files);
    }

    [NeedsFact(Needs.Linux | Needs.Root)]
    public async Task The_published_demo_starts_its_agents()
    {
        using var folder = new TempFolder("demo");
        // Without root's networks: the agents run dry, which needs nothing of this machine.
        var start = new ChildStart(published.Program, ["demo", "--port", $"{FreePort.Next()}"]) { WorkingDirectory = folder.Root }
            .With("TMPDIR", folder.Root)
            .Under("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env", "--default-signal=INT", "HOME=" + folder.Root);
        Shell.Run("chmod", "777", folder.Root);
        await using var demo = ChildProcess.Start(start, "demo");
        await demo.WaitForLineAsync(SignInLink(), Site.Patience);
        Assert.Contains(demo.StandardOutput, line => line.Contains("--dry-run", StringComparison.Ordinal));
        Assert.Equal(0, await demo.InterruptAsync(Site.Patience));
        Assert.Empty(Directory.GetFileSystemEntries(folder.Root));
    }

    [GeneratedRegex(@"http://127\.0\.0\.1:\d+/sign-in/once\?token=\S+")]
    private static partial Regex SignInLink();
}
