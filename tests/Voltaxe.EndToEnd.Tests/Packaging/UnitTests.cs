using System.Globalization;
using System.Runtime.Versioning;
using System.Text.RegularExpressions;
using Voltaxe.Testing;
using Voltaxe.Testing.Processes;

namespace Voltaxe.EndToEnd.Tests.Packaging;

/// <summary>What the agent's own installer writes into a tree of its own, and what systemd makes of it.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class UnitTests : IDisposable
{
    private const UnixFileMode Executable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Closed = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly TempFolder folder = new("units");

    public void Dispose() => folder.Dispose();

    private string At(string path) => Path.Combine(folder.Root, path);

    [NeedsFact(Needs.Linux)]
    public async Task Install_writes_program_units_and_settings_and_nothing_twice()
    {
        Assert.Equal(0, (await AgentAsync("install", "--root", folder.Root)).ExitCode);
        Assert.Equal(Executable, File.GetUnixFileMode(At("usr/lib/voltaxe/agent/Voltaxe.Agent")));
        Assert.Equal(Closed, File.GetUnixFileMode(At("var/lib/voltaxe")));
        foreach (var unit in new[] { "voltaxe-agent.service", "voltaxe-agent-rules.service" })
        {
            Assert.Equal(Readable, File.GetUnixFileMode(At("etc/systemd/system/" + unit)));
            Assert.Equal(SourceTree.Read("packaging/" + unit), await File.ReadAllTextAsync(At("etc/systemd/system/" + unit)));
        }
        await File.WriteAllTextAsync(At("etc/voltaxe/agent.conf"), "[server]\napi_url = https://mine\n");
        Assert.Equal(0, (await AgentAsync("install", "--root", folder.Root)).ExitCode);
        Assert.Contains("https://mine", await File.ReadAllTextAsync(At("etc/voltaxe/agent.conf")), StringComparison.Ordinal);
    }

    [NeedsFact(Needs.Linux)]
    public async Task Uninstall_leaves_state_and_settings_and_refuses_while_the_host_is_isolated()
    {
        Assert.Equal(2, (await AgentAsync("uninstall", "--root", folder.Root)).ExitCode);
        await AgentAsync("install", "--root", folder.Root);
        await File.WriteAllTextAsync(At("var/lib/voltaxe/isolation.json"), "{}");
        var refused = await AgentAsync("uninstall", "--root", folder.Root);
        Assert.Equal(3, refused.ExitCode);
        Assert.Contains("release --code", refused.Said, StringComparison.Ordinal);
        Assert.True(File.Exists(At("usr/lib/voltaxe/agent/Voltaxe.Agent")));

        Assert.Equal(0, (await AgentAsync("uninstall", "--force", "--root", folder.Root)).ExitCode);
        Assert.Equal(["etc/voltaxe/agent.conf"], Directory.EnumerateFiles(folder.Root, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(folder.Root, f)));
        Assert.True(Directory.Exists(At("var/lib/voltaxe")));
    }

    [NeedsFact(Needs.Linux)]
    public async Task What_came_as_a_package_is_left_to_the_package()
    {
        Directory.CreateDirectory(At("var/lib/dpkg/info"));
        await File.WriteAllTextAsync(At("var/lib/dpkg/info/voltaxe-agent.list"), "");
        Assert.Equal(3, (await AgentAsync("install", "--root", folder.Root)).ExitCode);
        Assert.Equal(3, (await AgentAsync("uninstall", "--root", folder.Root)).ExitCode);
    }

    [NeedsFact(Needs.Linux | Needs.SystemdAnalyze)]
    public async Task Systemd_finds_no_fault_in_the_units_and_little_to_attack()
    {
        await AgentAsync("install", "--root", folder.Root);
        Directory.CreateDirectory(At("usr/lib/voltaxe/hub"));
        File.Copy(At("usr/lib/voltaxe/agent/Voltaxe.Agent"), At("usr/lib/voltaxe/hub/Voltaxe.Hub"));
        File.Copy(Path.Combine(SourceTree.Root, "packaging/voltaxe-hub.service"), At("etc/systemd/system/voltaxe-hub.service"));
        // The targets that they name are this machine's.
        Directory.CreateDirectory(At("usr/lib/systemd"));
        Shell.Run("cp", "-r", "/usr/lib/systemd/system", At("usr/lib/systemd/system"));
        string[] units = ["voltaxe-agent.service", "voltaxe-agent-rules.service", "voltaxe-hub.service"];
        var verified = Shell.TryRun("systemd-analyze", ["verify", "--root=" + folder.Root, .. units]);
        Assert.Equal((0, ""), (verified.ExitCode, verified.Output + verified.Error));
        foreach (var unit in units)
        {
            var said = Shell.Run("systemd-analyze", "security", "--offline=true", "--no-pager", "--root=" + folder.Root, unit);
            var exposure = double.Parse(Regex.Match(said, @"Overall exposure level for \S+: ([0-9.]+)").Groups[1].Value, CultureInfo.InvariantCulture);
            Assert.True(exposure <= 4.0, $"{unit}: {exposure}");
        }
    }

    private static async Task<(int ExitCode, string Said)> AgentAsync(params string[] arguments)
    {
        await using var agent = ChildProcess.Start(ChildStart.DotNet(SourceTree.Built("Voltaxe.Agent"), arguments), "agent " + arguments[0]);
        return (await agent.ExitAsync(TimeSpan.FromSeconds(60)), agent.Output);
    }
}
