using System.Runtime.Versioning;
using Voltaxe.Contracts.Commands;
using Voltaxe.EndToEnd.Tests.Product;
using Voltaxe.Testing;
using Voltaxe.Testing.Processes;

namespace Voltaxe.EndToEnd.Tests.Packaging;

/// <summary>The Debian package as the script builds it, once for all tests: a real publish, which takes its time.</summary>
public sealed class BuiltPackage : IAsyncLifetime
{
    internal const Needs Needed = Needs.Linux | Needs.Root | Needs.Dpkg;

    private readonly TempFolder folder = new("deb");

    public string File { get; private set; } = "";

    public async Task InitializeAsync()
    {
        if (Machine.WhatIsMissing(Needed) is not null)
            return;
        var script = new ChildStart(Path.Combine(SourceTree.Root, "packaging/build-deb.sh"), ["--output", folder.Folder("out")]).With("TMPDIR", folder.Folder("tmp"))
            // Nobody sends this one anywhere: dpkg-deb's own variables spare it the time to make it small.
            .With("DPKG_DEB_COMPRESSOR_TYPE", "gzip").With("DPKG_DEB_COMPRESSOR_LEVEL", "1");
        await using var building = ChildProcess.Start(script, "build-deb.sh");
        if (await building.ExitAsync(TimeSpan.FromMinutes(15)) != 0)
            throw building.Failure($"ended with {building.ExitCode}");
        File = building.StandardOutput[^1];
    }

    public Task DisposeAsync()
    {
        folder.Dispose();
        return Task.CompletedTask;
    }
}

/// <summary>The package, installed, used and removed in a root of its own: nothing of this machine is touched.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class DebianPackageTests(BuiltPackage package) : IClassFixture<BuiltPackage>, IDisposable
{
    private const Needs Needed = BuiltPackage.Needed;

    private readonly TempFolder folder = new("root");

    public void Dispose() => folder.Dispose();

    private string At(string path) => Path.Combine(folder.Root, path);

    [NeedsFact(Needed)]
    public void It_holds_these_files_with_these_modes_and_no_others()
    {
        string[] expected =
        [
            "-rw-r--r-- root/root ./etc/voltaxe/agent.conf",
            "-rw-r--r-- root/root ./usr/lib/systemd/system/voltaxe-agent-rules.service",
            "-rw-r--r-- root/root ./usr/lib/systemd/system/voltaxe-agent.service",
            "-rw-r--r-- root/root ./usr/share/doc/voltaxe-agent/NOTICE",
            "-rw-r--r-- root/root ./usr/share/doc/voltaxe-agent/THIRD-PARTY-NOTICES.md",
            "-rw-r--r-- root/root ./usr/share/doc/voltaxe-agent/copyright",
            "-rwxr-xr-x root/root ./usr/lib/voltaxe/agent/Voltaxe.Agent",
            "lrwxrwxrwx root/root ./usr/bin/voltaxe-agent",
        ];
        var lines = Shell.Run("dpkg-deb", "--contents", package.File).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToList();
        Assert.Equal(expected.Order(StringComparer.Ordinal), lines.Where(l => l[0][0] != 'd').Select(l => $"{l[0]} {l[1]} {l[5]}").Order(StringComparer.Ordinal));
        Assert.All(lines.Where(l => l[0][0] == 'd'), l => Assert.Equal("drwxr-xr-x root/root", $"{l[0]} {l[1]}"));
        Assert.Contains("/etc/voltaxe/agent.conf", Shell.Run("dpkg-deb", "--info", package.File, "conffiles"), StringComparison.Ordinal);
        Assert.Contains("nftables", Shell.Run("dpkg-deb", "--field", package.File, "Depends"), StringComparison.Ordinal);
    }

    [NeedsFact(Needed)]
    public void It_is_installed_switched_on_upgraded_and_removed_and_settings_stay_until_it_is_purged()
    {
        Assert.Contains("not enrolled yet", Dpkg("--install", package.File).Output, StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(At("var/lib/voltaxe")));
        File.WriteAllText(At("etc/voltaxe/agent.conf"), "# mine\n");
        File.WriteAllText(At("var/lib/voltaxe/enrolment.json"), "{}");
        Assert.DoesNotContain("not enrolled", Dpkg("--install", package.File).Output, StringComparison.Ordinal);
        Assert.Equal("# mine\n", File.ReadAllText(At("etc/voltaxe/agent.conf")));

        Dpkg("--remove", "voltaxe-agent");
        Assert.False(Directory.Exists(At("usr/lib/voltaxe")));
        Assert.True(File.Exists(At("etc/voltaxe/agent.conf")) && File.Exists(At("var/lib/voltaxe/enrolment.json")));
        Dpkg("--purge", "voltaxe-agent");
        Assert.DoesNotContain(Directory.EnumerateFiles(folder.Root, "*", SearchOption.AllDirectories), f => f.Contains("voltaxe", StringComparison.Ordinal) && !f.Contains("/var/lib/dpkg/", StringComparison.Ordinal));
        Assert.False(Directory.Exists(At("var/lib/voltaxe")));
    }

    [NeedsFact(Needed)]
    public void It_is_not_removed_from_a_host_that_is_isolated_unless_that_is_said()
    {
        Dpkg("--install", package.File);
        File.WriteAllText(At("var/lib/voltaxe/isolation.json"), "{}");
        var refused = TryDpkg("--remove", "voltaxe-agent");
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("release --code", refused.Output, StringComparison.Ordinal);
        Assert.True(File.Exists(At("usr/lib/voltaxe/agent/Voltaxe.Agent")));
        // An upgrade is no removal.
        Dpkg("--install", package.File);
        Assert.True(File.Exists(At("var/lib/voltaxe/isolation.json")));

        var removed = TryDpkg(["--remove", "voltaxe-agent"], ("VOLTAXE_REMOVE_ISOLATED", "yes"));
        Assert.True(removed.ExitCode == 0, removed.Output);
        Assert.Contains("was taken away", removed.Output, StringComparison.Ordinal);
        Assert.False(File.Exists(At("var/lib/voltaxe/isolation.json")));
    }

    [NeedsFact(Needed)]
    public async Task The_program_in_it_enrols_and_carries_out_an_order_over_the_socket()
    {
        Dpkg("--install", package.File);
        using var data = new TempFolder();
        await using var hub = await HubProcess.StartAsync(data.Folder("hub"));
        using var ana = await hub.OperatorAsync();
        var state = data.Folder("agent");
        ChildStart Agent(params string[] arguments) => new ChildStart(At("usr/bin/voltaxe-agent"), arguments).With("DOTNET_ROOT", "/nowhere");
        await using (var enrol = ChildProcess.Start(Agent("enroll", "--hub", hub.Url.GetLeftPart(UriPartial.Authority), "--token", await hub.EnrolmentTokenAsync(), "--name", "web-01", "--state", state)))
            Assert.True(await enrol.ExitAsync(TimeSpan.FromSeconds(60)) == 0, enrol.Output);
        await using var agent = ChildProcess.Start(Agent("run", "--state", state, "--dry-run"));
        var ended = await ana.UntilEndedAsync((await ana.QueueAsync("web-01", CommandNames.NetworkIsolate)).Id);
        Assert.True(ended.Status == CommandStatus.Executed, agent.Output);
        Assert.Equal(Contracts.Operators.Channel.Push, ended.Channel);

        var code = await hub.ToolAsync("release-code", "create", "--host", "web-01", "--reason", "it hears nothing");
        await using (var release = ChildProcess.Start(Agent("release", "--code", code, "--state", state)))
            Assert.True(await release.ExitAsync(TimeSpan.FromSeconds(60)) == 0, release.Output + agent.Output);
        await Eventually.TrueAsync(async () => await ana.AgentAsync("web-01") is { Observed.Isolated: false, Drift: false }, TimeSpan.FromSeconds(60));
    }

    private (int ExitCode, string Output) Dpkg(params string[] arguments)
    {
        var ran = TryDpkg(arguments);
        Assert.True(ran.ExitCode == 0, ran.Output);
        return ran;
    }

    private (int ExitCode, string Output) TryDpkg(params string[] arguments) => TryDpkg(arguments, []);

    private (int ExitCode, string Output) TryDpkg(string[] arguments, params (string Name, string Value)[] environment)
    {
        foreach (var part in new[] { "info", "updates", "triggers" })
            Directory.CreateDirectory(At("var/lib/dpkg/" + part));
        foreach (var file in new[] { "status", "available" })
            File.AppendAllText(At("var/lib/dpkg/" + file), "");
        // Its dependencies are not in that root, and its scripts run here, with DPKG_ROOT.
        var ran = Shell.TryRun("env", [.. environment.Select(e => $"{e.Name}={e.Value}"), "dpkg", "--root=" + folder.Root, "--force-script-chrootless", "--force-depends", "--force-confold", .. arguments]);
        return (ran.ExitCode, ran.Output + ran.Error);
    }
}
