using Voltaxe.Agent.Configuration;
using Voltaxe.Testing;
using Voltaxe.Testing.Processes;

namespace Voltaxe.Agent.Tests.Configuration;

/// <summary>Whoever can write what the agent reads can tell it whom to obey.</summary>
public sealed class TrustedPathTests : IDisposable
{
    private const string Nobody = "65534";

    private readonly TempFolder folder = new("trusted");

    public void Dispose() => folder.Dispose();

    private string Made(string name, string mode = "600", string? owner = null)
    {
        var path = folder.File(name);
        File.WriteAllText(path, "");
        Shell.Run("chmod", mode, path);
        if (owner is not null)
            Shell.Run("chown", owner, path);
        return path;
    }

    [NeedsFact(Needs.Linux | Needs.Root)]
    public void A_file_that_others_own_can_write_or_have_linked_is_refused_with_the_reason()
    {
        Assert.Null(TrustedPath.WhyNot(Made("mine", "644")));
        Assert.Null(TrustedPath.WhyNot(folder.File("not-there")));
        Assert.Contains("belongs to user 65534", TrustedPath.WhyNot(Made("theirs", owner: Nobody)), StringComparison.Ordinal);
        Assert.Contains("mode 620", TrustedPath.WhyNot(Made("group", "620")), StringComparison.Ordinal);
        Assert.Contains("mode 602", TrustedPath.WhyNot(Made("all", "602")), StringComparison.Ordinal);
        File.CreateSymbolicLink(folder.File("link"), folder.File("mine"));
        Assert.Contains("symbolic link", TrustedPath.WhyNot(folder.File("link")), StringComparison.Ordinal);
        File.CreateSymbolicLink(folder.File("nowhere"), folder.File("not-there"));
        Assert.Contains("symbolic link", TrustedPath.WhyNot(folder.File("nowhere")), StringComparison.Ordinal);
    }

    [NeedsFact(Needs.Linux | Needs.Root)]
    public void Whoever_can_write_a_folder_above_can_put_another_file_in_its_place()
    {
        Directory.CreateDirectory(folder.File("above"));
        File.WriteAllText(folder.File("above/agent.conf"), "");
        Shell.Run("chmod", "644", folder.File("above/agent.conf"));
        Assert.Null(TrustedPath.WhyNot(folder.File("above/agent.conf")));
        // As the folder for temporary files is: others may write, and touch only what is theirs.
        Shell.Run("chmod", "1777", folder.File("above"));
        Assert.Null(TrustedPath.WhyNot(folder.File("above/agent.conf")));
        Shell.Run("chmod", "777", folder.File("above"));
        Assert.Contains("above", TrustedPath.WhyNot(folder.File("above/agent.conf")), StringComparison.Ordinal);
        Shell.Run("chmod", "755", folder.File("above"));
        Shell.Run("chown", Nobody, folder.File("above"));
        Assert.Contains("belongs to user 65534", TrustedPath.WhyNot(folder.File("above/agent.conf")), StringComparison.Ordinal);
        // The same through a link on the way.
        File.CreateSymbolicLink(folder.File("way"), folder.File("above"));
        Assert.Contains("belongs to user 65534", TrustedPath.WhyNot(folder.File("way/agent.conf")), StringComparison.Ordinal);
    }

    [NeedsFact(Needs.Linux | Needs.Root)]
    public async Task Every_verb_of_the_agent_refuses_such_a_folder_and_such_a_file()
    {
        await using var hub = await TestHub.StartAsync();
        var (state, conf) = (folder.File("state"), Made("agent.conf"));
        string[] enroll = ["enroll", "--hub", hub.Url.ToString(), "--token", hub.Token, "--name", "web-01", "--state", state];
        Assert.Equal(ExitCodes.Done, (await RunAsync([.. enroll, "-config", conf])).ExitCode);

        Shell.Run("chmod", "666", conf);
        var (code, said) = await RunAsync("status", "--state", state, "-config", conf);
        Assert.Equal(ExitCodes.Usage, code);
        Assert.Contains("can be written by others", said, StringComparison.Ordinal);

        async Task RefusedAsync(string why)
        {
            foreach (var verb in (string[][])[["run", "--dry-run"], ["rules"], ["release", "--code", "x", "--dry-run"], ["check", "--dry-run"], enroll])
            {
                (code, said) = await RunAsync([.. verb, .. verb == enroll ? Array.Empty<string>() : ["--state", state]]);
                Assert.True(code == ExitCodes.Refused, $"{verb[0]} ended with {code}: {said}");
                Assert.Contains(why, said, StringComparison.Ordinal);
            }
        }
        Shell.Run("chmod", "777", state);
        await RefusedAsync("can be written by others");
        Shell.Run("chmod", "700", state);
        Shell.Run("chown", Nobody, Path.Combine(state, "agent.key"));
        await RefusedAsync("agent.key belongs to user 65534");
        Shell.Run("chown", "0", Path.Combine(state, "agent.key"));
        Directory.Move(state, state + "-real");
        Directory.CreateSymbolicLink(state, state + "-real");
        await RefusedAsync("symbolic link");
    }

    private static async Task<(int ExitCode, string Said)> RunAsync(params string[] arguments)
    {
        await using var agent = ChildProcess.Start(ChildStart.DotNet(SourceTree.Built("Voltaxe.Agent"), arguments), "agent " + arguments[0]);
        return (await agent.ExitAsync(TimeSpan.FromSeconds(60)), agent.Output);
    }
}
