using System.Globalization;
using System.Text.RegularExpressions;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.EndToEnd.Tests.Product;
using Voltaxe.Testing;
using Voltaxe.Testing.Processes;

namespace Voltaxe.EndToEnd.Tests.Screens;

/// <summary><c>Voltaxe.Hub demo</c>, as somebody who has just cloned the repository meets it.</summary>
[Collection(RealProcesses.Name)]
public sealed partial class DemoTests
{
    private const string Laptop = "demo-laptop-1";

    [NeedsFact(Needs.Root | Needs.NetNamespaces | Needs.Nft)]
    public async Task The_demo_shows_a_real_isolation_and_leaves_nothing_behind()
    {
        using var temp = new TempFolder("demo");
        var port = FreePort.Next().ToString(CultureInfo.InvariantCulture);
        await using var demo = ChildProcess.Start(
            ChildStart.DotNet(SourceTree.Built("Voltaxe.Hub"), "demo", "--port", port)
                .With("TMPDIR", temp.Root)
                // Who starts a test run in the background of a shell without job control hands down a deaf ear for Ctrl+C.
                .Under("env", "--default-signal=INT"), "demo");
        try
        {
            await demo.WaitForLineAsync(SignInLink(), Site.Patience);
            await demo.WaitForLineAsync(Reaches(), Site.Patience);
            var data = Assert.Single(Directory.GetDirectories(temp.Root, "voltaxe-demo-*"));
            using var ana = new OperatorApi(new HttpClient { BaseAddress = new Uri("http://127.0.0.1:" + port) }, await TokenAsync(data));

            await Eventually.TrueAsync(async () =>
                (await Task.WhenAll(Enumerable.Range(1, 3).Select(i => ana.AgentAsync($"demo-laptop-{i}")))).All(a => a.Presence == Presence.Live), Site.Patience, "three live agents");

            await ana.UntilAsync((await ana.QueueAsync(Laptop, "network_isolate")).Id, Site.Patience, CommandStatus.Executed);
            await demo.WaitForLineAsync(DoesNotReach(), Site.Patience);
            var before = demo.StandardOutput.Count(line => Reaches().IsMatch(line));

            await ana.UntilAsync((await ana.QueueAsync(Laptop, "network_restore")).Id, Site.Patience, CommandStatus.Executed);
            await Eventually.TrueAsync(() => demo.StandardOutput.Count(line => Reaches().IsMatch(line)) > before, Site.Patience, "the canary is reached again");

            Assert.Equal(0, await demo.InterruptAsync(Site.Patience));
        }
        catch (TimeoutException late)
        {
            throw demo.Failure(late.Message);
        }
        Assert.Empty(Directory.GetFileSystemEntries(temp.Root));
        Assert.DoesNotContain($"vtxdemo{demo.Id}-", Shell.Run("ip", "netns", "list"), StringComparison.Ordinal);
        Assert.DoesNotContain($"vd{demo.Id % 100000}-", Shell.Run("ip", "-o", "link"), StringComparison.Ordinal);
        Assert.Empty(ProcessesNaming(temp.Root));
    }

    /// <summary>A token from the hub's own command line, beside the running demo.</summary>
    private static async Task<string> TokenAsync(string data)
    {
        await using var tool = ChildProcess.Start(
            ChildStart.DotNet(SourceTree.Built("Voltaxe.Hub"), "token", "create", "--name", "ana", "--role", "admin").With("Voltaxe__DataDirectory", data), "hub token");
        return await tool.ExitAsync(Site.Patience) == 0 ? Assert.Single(tool.StandardOutput) : throw tool.Failure($"ended with {tool.ExitCode}");
    }

    private static IEnumerable<string> ProcessesNaming(string folder) => Directory.GetDirectories("/proc")
        .Where(entry => int.TryParse(Path.GetFileName(entry), CultureInfo.InvariantCulture, out _))
        .Select(CommandLineOf)
        .Where(line => line.Contains(folder, StringComparison.Ordinal));

    private static string CommandLineOf(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline")).Replace('\0', ' ');
        }
        catch (IOException)
        {
            return ""; // It has just ended.
        }
    }

    [GeneratedRegex(@"http://127\.0\.0\.1:\d+/sign-in/once\?token=\S+")]
    private static partial Regex SignInLink();

    [GeneratedRegex("canary: demo-laptop-1 reaches")]
    private static partial Regex Reaches();

    [GeneratedRegex("canary: demo-laptop-1 does NOT reach")]
    private static partial Regex DoesNotReach();
}
