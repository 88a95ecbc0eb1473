using System.Diagnostics;
using System.Text.Json.Nodes;
using Voltaxe.Agent.Platform;
using Voltaxe.Agent.Platform.MacOS;
using Voltaxe.Agent.Platform.Windows;
using Voltaxe.Contracts.Commands;
using Voltaxe.Testing;

namespace Voltaxe.Agent.Tests.Platform.OtherSystems;

/// <summary>Ends real processes the way of other systems: what they use of .NET works here, too.</summary>
public sealed class OtherKillTests
{
    private readonly MacProcesses mac = new(new Exec(), TimeSpan.FromMilliseconds(400), TimeProvider.System);
    private readonly WindowsProcesses windows = new();

    private static Process Start(string program, params string[] arguments) => Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;

    private static Task<EffectOutcome> KillAsync(ProcessesByStart system, KillParams target, bool resumed = false) => system.KillAsync(Guid.NewGuid(), target, resumed, CancellationToken.None);

    private static async Task<string> RefusedAsync(ProcessesByStart system, KillParams target) => (await Assert.ThrowsAsync<PlatformException>(() => KillAsync(system, target))).Error;

    private static string StartOf(ProcessesByStart system, int pid) => system.List().Select(e => e!.AsObject()).Single(e => (int)e["pid"]! == pid)["start_time"]!.GetValue<string>();

    private static IEnumerable<string> Signals(EffectOutcome done) => done.Details["signals"]!.AsArray().Select(s => (string)s!);

    [NeedsFact(Needs.Linux)]
    public async Task On_a_Mac_the_process_that_was_meant_is_ended_by_SIGTERM_and_one_that_ignores_it_by_SIGKILL()
    {
        using var child = Start("sleep", "600");
        Assert.Equal(["SIGTERM"], Signals(await KillAsync(mac, new KillParams(child.Id, StartOf(mac, child.Id), "sleep"))));
        Assert.True(child.WaitForExit(Eventually.Patience));
        using var deaf = Start("sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done");
        Assert.Equal("ready", await deaf.StandardOutput.ReadLineAsync());
        Assert.Equal(["SIGTERM", "SIGKILL"], Signals(await KillAsync(mac, new KillParams(deaf.Id, StartOf(mac, deaf.Id), null))));
        Assert.True(deaf.WaitForExit(Eventually.Patience));
    }

    [NeedsFact(Needs.Linux)]
    public async Task On_Windows_it_is_ended_at_once_and_known_with_and_without_exe()
    {
        using var child = Start("sleep", "600");
        Assert.Equal(["TerminateProcess"], Signals(await KillAsync(windows, new KillParams(child.Id, StartOf(windows, child.Id), "Sleep.EXE"))));
        Assert.True(child.WaitForExit(Eventually.Patience));
    }

    [NeedsFact(Needs.Linux)]
    public async Task Another_start_or_name_is_target_changed_and_the_process_lives()
    {
        using var child = Start("sleep", "600");
        try
        {
            foreach (var system in (ProcessesByStart[])[mac, windows])
            {
                Assert.Equal("target_changed", await RefusedAsync(system, new KillParams(child.Id, "2026-03-01T12:00:00.0000000Z", null)));
                Assert.Equal("target_changed", await RefusedAsync(system, new KillParams(child.Id, null, "bash")));
            }
            Assert.False(child.HasExited);
        }
        finally
        {
            child.Kill();
        }
    }

    [NeedsFact(Needs.Linux)]
    public async Task One_that_is_gone_is_target_changed_at_first_and_already_gone_after_a_crash()
    {
        using var child = Start("sleep", "600");
        var target = new KillParams(child.Id, StartOf(mac, child.Id), null);
        child.Kill();
        await child.WaitForExitAsync();
        foreach (var system in (ProcessesByStart[])[mac, windows])
        {
            Assert.Equal("target_changed", await RefusedAsync(system, target));
            Assert.True((bool)(await KillAsync(system, target, resumed: true)).Details["already_gone"]!);
        }
    }

    [NeedsFact(Needs.Linux)]
    public async Task The_agent_its_parent_and_the_first_process_are_refused()
    {
        var me = Environment.ProcessId;
        Assert.Equal("refused", await RefusedAsync(windows, new KillParams(me, StartOf(windows, me), null)));
        Assert.Equal("refused", await RefusedAsync(mac, new KillParams(me, StartOf(mac, me), null)));
        Assert.Equal("refused", await RefusedAsync(mac, new KillParams(1, StartOf(mac, 1), null)));
        var parent = Agent.Platform.Linux.ProcStat.Read(me)!.Parent;
        Assert.Equal("refused", await RefusedAsync(mac, new KillParams(parent, StartOf(mac, parent), null)));
    }

    [NeedsFact(Needs.Linux)]
    public async Task A_name_protects_nobody()
    {
        using var folder = new TempFolder("protected");
        foreach (var (system, name) in ((ProcessesByStart, string)[])[(windows, "lsass"), (mac, "WindowServer")])
        {
            File.Copy("/bin/sleep", folder.File(name));
            using var child = Start(folder.File(name), "600");
            await KillAsync(system, new KillParams(child.Id, StartOf(system, child.Id), name));
            Assert.True(child.WaitForExit(Eventually.Patience));
        }
    }

    [Theory]
    [InlineData("lsass", @"C:\Windows\System32\lsass.exe", true)]
    [InlineData("LSASS", @"c:\windows\system32\lsass.exe", true)]
    [InlineData("lsass", null, true)]
    [InlineData("lsass", @"D:\Downloads\lsass.exe", false)]
    [InlineData("evil", @"C:\Windows\System32\evil.exe", false)]
    public void On_Windows_the_system_s_own_is_what_the_list_names_and_where_it_lies(string name, string? path, bool isProtected) =>
        Assert.Equal(isProtected, WindowsProcesses.IsTheSystems(name, path));

    [Theory]
    [InlineData("logd", "/usr/libexec/logd", true)]
    [InlineData("logd", null, true)]
    [InlineData("logd", "/opt/logd", false)]
    [InlineData("evil", "/usr/libexec/evil", false)]
    public void On_macOS_too(string name, string? path, bool isProtected) => Assert.Equal(isProtected, MacProcesses.IsTheSystems(name, path));

    [Fact]
    public void What_ps_says_is_added_to_what_is_known_and_hostile_lines_add_nothing()
    {
        var known = new SortedDictionary<int, JsonObject> { [1] = [], [501] = [], [502] = [] };
        MacProcesses.Add($"    1     0     0 /sbin/launchd\n  501     1   -2 /bin/sh -c echo  '9 9 9 x'\n  77 1 1 unknown\n999999999999 1 1 huge\n502 1 1 {new string('a', 500)}\nno line\n", known);
        Assert.Equal("""{"ppid":0,"uid":0,"command_line":"/sbin/launchd"}""", known[1].ToJsonString());
        Assert.Equal("/bin/sh -c echo  '9 9 9 x'", (string?)known[501]["command_line"]);
        Assert.Equal(-2, (long)known[501]["uid"]!);
        Assert.Equal(401, ((string)known[502]["command_line"]!).Length);
        Assert.Equal(3, known.Count);
    }
}
