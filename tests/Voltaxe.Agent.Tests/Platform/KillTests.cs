using System.Diagnostics;
using Voltaxe.Agent.Execution;
using Voltaxe.Agent.Platform;
using Voltaxe.Agent.Platform.Linux;
using Voltaxe.Contracts.Commands;
using Voltaxe.Testing;

namespace Voltaxe.Agent.Tests.Platform;

public sealed class KillTests
{
    private static readonly string Boot = BootTime.ReadBootId();
    private readonly LinuxProcesses processes = Processes();

    private static LinuxProcesses Processes(params string[] guarded) => new(Boot, TimeSpan.FromMilliseconds(400), new ProtectedProcesses(guarded));

    private static Process Start(string program, params string[] arguments) => Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;

    private Task<EffectOutcome> KillAsync(KillParams target, bool resumed = false) => processes.KillAsync(Guid.NewGuid(), target, resumed, CancellationToken.None);

    private async Task<string> RefusedAsync(KillParams target) => (await Assert.ThrowsAsync<PlatformException>(() => KillAsync(target))).Error;

    [NeedsFact(Needs.Linux)]
    public async Task The_process_that_was_meant_is_ended_by_SIGTERM()
    {
        using var child = Start("sleep", "600");
        var stat = ProcStat.Read(child.Id)!;
        var done = await KillAsync(new KillParams(child.Id, stat.StartTime(Boot), "sleep"));
        Assert.True(child.WaitForExit(Eventually.Patience));
        Assert.Equal(["SIGTERM"], done.Details["signals"]!.AsArray().Select(s => (string)s!));
    }

    [NeedsFact(Needs.Linux)]
    public async Task One_that_ignores_SIGTERM_is_ended_by_SIGKILL_and_both_are_in_the_result()
    {
        using var child = Start("sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done");
        Assert.Equal("ready", await child.StandardOutput.ReadLineAsync());
        var done = await KillAsync(new KillParams(child.Id, null, "sh"));
        Assert.True(child.WaitForExit(Eventually.Patience));
        Assert.Equal(["SIGTERM", "SIGKILL"], done.Details["signals"]!.AsArray().Select(s => (string)s!));
    }

    [NeedsFact(Needs.Linux)]
    public async Task A_reused_pid_is_target_changed_and_the_other_process_lives()
    {
        using var child = Start("sleep", "600");
        try
        {
            var stat = ProcStat.Read(child.Id)!;
            Assert.Equal("target_changed", await RefusedAsync(new KillParams(child.Id, $"{Boot}:{stat.StartTicks - 1}", null)));
            Assert.Equal("target_changed", await RefusedAsync(new KillParams(child.Id, $"another-boot:{stat.StartTicks}", null)));
            Assert.Equal("target_changed", await RefusedAsync(new KillParams(child.Id, null, "bash")));
            Assert.False(child.HasExited);
        }
        finally
        {
            child.Kill();
        }
    }

    [NeedsFact(Needs.Linux | Needs.Python)]
    public async Task A_process_that_is_gone_is_target_changed_at_first_and_already_gone_after_a_crash()
    {
        using var child = Start("sleep", "600");
        var target = new KillParams(child.Id, ProcStat.Read(child.Id)!.StartTime(Boot), null);
        child.Kill();
        await child.WaitForExitAsync();
        Assert.Equal("target_changed", await RefusedAsync(target));
        Assert.True((bool)(await KillAsync(target, resumed: true)).Details["already_gone"]!);
    }

    /// <summary>A program that calls itself this (bytes in hexadecimal), does something, says "ready", and waits.</summary>
    private static async Task<Process> CalledAsync(string hex, string does = "pass")
    {
        var child = Start("python3", "-c", $"""
            import ctypes, os, sys, threading, time
            libc = ctypes.CDLL(None)
            libc.prctl(15, bytes.fromhex('{hex}') + b'\0', 0, 0, 0)
            def ready():
                print('ready', flush=True)
            {does}
            ready()
            time.sleep(600)
            """);
        Assert.Equal("ready", await child.StandardOutput.ReadLineAsync().WaitAsync(Eventually.Patience));
        return child;
    }

    [NeedsTheory(Needs.Linux | Needs.Python)]
    [InlineData("systemd")]
    [InlineData("auditd")]
    [InlineData("init")]
    [InlineData("")]
    [InlineData("ä\u2028\n\u001b[31m")]
    [InlineData("kworker/0:1")]
    public async Task A_process_is_ended_whatever_it_calls_itself(string name)
    {
        using var child = await CalledAsync(Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(name)));
        var listed = processes.List().Single(p => (int)p!["pid"]! == child.Id)!;
        Assert.Equal(name, (string)listed["name"]!);
        Assert.Null(listed["protected"]);
        // As the picker sends it: what the list showed is what the hub takes.
        var target = System.Text.Json.JsonSerializer.SerializeToElement(new { pid = child.Id, start_time = (string)listed["start_time"]!, name });
        Assert.Empty(CommandParams.Check(CommandNames.KillProcess, target));
        await KillAsync(CommandParams.ReadKill(target));
        Assert.True(child.WaitForExit(Eventually.Patience));
    }

    [NeedsFact(Needs.Linux | Needs.Python)]
    public async Task A_name_of_any_bytes_is_listed_as_text_and_is_enough_with_the_pid()
    {
        // Not UTF-8; and a name that the kernel cut in the middle of a character.
        foreach (var (hex, shown, also) in ((string, string, string?)[])[("ff00fe41".Replace("00", "01", StringComparison.Ordinal), "%FF%01%FEA", null), ("6161616161616161616161616161c3a4", "aaaaaaaaaaaaaa%C3", "aaaaaaaaaaaaaaä")])
        {
            foreach (var called in new[] { shown, also }.OfType<string>())
            {
                using var child = await CalledAsync(hex);
                Assert.Equal(shown, (string)processes.List().Single(p => (int)p!["pid"]! == child.Id)!["name"]!);
                await KillAsync(new KillParams(child.Id, null, called));
                Assert.True(child.WaitForExit(Eventually.Patience));
            }
        }
    }

    [NeedsFact(Needs.Linux | Needs.Python)]
    public async Task One_that_has_renamed_itself_since_it_was_listed_is_the_same_process()
    {
        using var child = await CalledAsync(Convert.ToHexString("new"u8));
        var done = await KillAsync(new KillParams(child.Id, ProcStat.Read(child.Id)!.StartTime(Boot), "old"));
        Assert.True(child.WaitForExit(Eventually.Patience));
        Assert.Equal(("new", "old"), ((string)done.Details["name"]!, (string)done.Details["was_called"]!));
    }

    [NeedsFact(Needs.Linux | Needs.Python)]
    public async Task One_whose_main_thread_has_ended_lives_in_the_others_and_is_ended()
    {
        using var child = Start("python3", "-c", """
            import ctypes, sys, threading, time
            def other():
                time.sleep(0.2)
                print('ready', flush=True)
                time.sleep(600)
            threading.Thread(target=other).start()
            ctypes.CDLL(None).syscall(60, 0) # exit of this thread alone
            """);
        Assert.Equal("ready", await child.StandardOutput.ReadLineAsync().WaitAsync(Eventually.Patience));
        await Eventually.TrueAsync(() => ProcStat.Read(child.Id)!.State == 'Z');
        Assert.False(ProcStat.Read(child.Id)!.HasEnded);
        await KillAsync(new KillParams(child.Id, ProcStat.Read(child.Id)!.StartTime(Boot), null));
        Assert.True(child.WaitForExit(Eventually.Patience));
    }

    [NeedsFact(Needs.Linux | Needs.Python)]
    public async Task A_zombie_is_called_ended()
    {
        using var parent = Start("python3", "-c", "import subprocess, sys, time; c = subprocess.Popen(['true']); print(c.pid, flush=True); time.sleep(600)");
        try
        {
            var zombie = int.Parse((await parent.StandardOutput.ReadLineAsync().WaitAsync(Eventually.Patience))!, System.Globalization.CultureInfo.InvariantCulture);
            await Eventually.TrueAsync(() => ProcStat.Read(zombie) is { HasEnded: true });
            var done = await KillAsync(new KillParams(zombie, ProcStat.Read(zombie)!.StartTime(Boot), null));
            Assert.Equal((false, true, 0), (done.Changed, (bool)done.Details["already_gone"]!, done.Details["signals"]!.AsArray().Count));
            Assert.Contains("has ended already", done.Message, StringComparison.Ordinal);
        }
        finally
        {
            parent.Kill();
        }
    }

    [NeedsTheory(Needs.Linux | Needs.Python)]
    [InlineData("-STOP")]
    [InlineData("traced")]
    public async Task One_that_is_stopped_or_traced_is_ended(string how)
    {
        using var child = Start("sleep", "600");
        using var tracer = how == "traced" ? Start("python3", "-c", $"""
            import ctypes, os, sys, time
            libc = ctypes.CDLL(None)
            libc.ptrace.argtypes = [ctypes.c_long] * 4
            assert libc.ptrace(16, {child.Id}, 0, 0) == 0
            os.waitpid({child.Id}, 0x40000000)
            print('ready', flush=True)
            time.sleep(600)
            """) : Start("sh", "-c", $"kill -STOP {child.Id}; echo ready");
        try
        {
            Assert.Equal("ready", await tracer.StandardOutput.ReadLineAsync().WaitAsync(Eventually.Patience));
            await Eventually.TrueAsync(() => ProcStat.Read(child.Id)!.State is 'T' or 't');
            await KillAsync(new KillParams(child.Id, ProcStat.Read(child.Id)!.StartTime(Boot), null));
            await Eventually.TrueAsync(() => ProcStat.Read(child.Id) is null or { HasEnded: true });
        }
        finally
        {
            tracer.Kill();
        }
    }

    [NeedsFact(Needs.Linux)]
    public async Task What_descends_from_it_and_survives_is_named()
    {
        using var child = Start("sh", "-c", "setsid sleep 600 & sh -c 'sleep 601 & wait' & echo ready; wait");
        Assert.Equal("ready", await child.StandardOutput.ReadLineAsync().WaitAsync(Eventually.Patience));
        await Eventually.TrueAsync(() => LinuxProcessList.Pids().Select(ProcStat.Read).Count(p => p is not null && (p.Parent == child.Id || ProcStat.Read(p.Parent)?.Parent == child.Id)) >= 3);
        var done = await KillAsync(new KillParams(child.Id, ProcStat.Read(child.Id)!.StartTime(Boot), null));
        var surviving = done.Details["surviving"]!.AsArray().Select(s => (Pid: (int)s!["pid"]!, Name: (string)s["name"]!)).ToList();
        try
        {
            Assert.Equal(["sh", "sleep", "sleep"], surviving.Select(s => s.Name).Order(StringComparer.Ordinal));
            Assert.Contains("3 of its descendants live on", done.Message, StringComparison.Ordinal);
        }
        finally
        {
            foreach (var (pid, _) in surviving)
                Process.GetProcessById(pid).Kill();
        }
    }

    [NeedsFact(Needs.Linux)]
    public async Task An_executable_that_agent_conf_protects_is_known_by_its_inode_and_not_by_a_name()
    {
        using var folder = new TempFolder("guarded");
        File.Copy("/bin/sleep", folder.File("guarded"));
        File.CreateSymbolicLink(folder.File("link"), folder.File("guarded"));
        File.Copy("/bin/sleep", folder.File("copy"));
        var guarding = Processes(folder.File("link"), "/nowhere/at/all");
        using var guarded = Start(folder.File("guarded"), "600");
        using var copy = Start(folder.File("copy"), "600");
        try
        {
            File.Move(folder.File("guarded"), folder.File("guarded-renamed"));
            File.CreateSymbolicLink(folder.File("guarded"), folder.File("guarded-renamed"));
            var refused = await Assert.ThrowsAsync<PlatformException>(() => guarding.KillAsync(Guid.NewGuid(), new KillParams(guarded.Id, ProcStat.Read(guarded.Id)!.StartTime(Boot), null), false, default));
            Assert.Equal("refused", refused.Error);
            Assert.Contains("agent.conf protects", (string)guarding.List().Single(p => (int)p!["pid"]! == guarded.Id)!["protected"]!, StringComparison.Ordinal);
            await guarding.KillAsync(Guid.NewGuid(), new KillParams(copy.Id, null, "copy"), false, default);
            Assert.True(copy.WaitForExit(Eventually.Patience));
        }
        finally
        {
            guarded.Kill();
        }
    }

    [NeedsFact(Needs.Linux)]
    public void The_list_says_what_would_be_refused_and_why()
    {
        var why = processes.List().ToDictionary(p => (int)p!["pid"]!, p => (string?)p!["protected"]);
        Assert.Equal("it is the first process of the host", why[1]);
        Assert.Equal("it is this agent", why[Environment.ProcessId]);
        for (var at = ProcStat.Read(Environment.ProcessId)!.Parent; at > 1; at = ProcStat.Read(at)!.Parent)
            Assert.Equal("this agent descends from it", why[at]);
    }

    [NeedsFact(Needs.Linux)]
    public async Task Ordered_by_name_what_is_ended_is_the_process_that_had_it_before_and_after_a_crash_no_other()
    {
        var kill = new Voltaxe.Agent.Actions.KillProcess(new HostPlatform("linux", null, processes, null));
        using var first = Start("sleep", "600");
        using var second = Start("sleep", "600");
        try
        {
            // The pid is that of the second now; the first had it when the kill began.
            System.Text.Json.JsonElement Named(int pid) => System.Text.Json.JsonSerializer.SerializeToElement(new { pid, name = "sleep" });
            var pinned = kill.Pin(Named(first.Id))!;
            Assert.Equal(ProcStat.Read(first.Id)!.StartTime(Boot), pinned);
            Task<Voltaxe.Agent.Actions.ActionResult> AgainAsync(string? pin) => kill.RunAsync(
                new Voltaxe.Agent.Actions.ActionOrder(Guid.NewGuid(), Execution.Orders.Command(1, CommandNames.KillProcess) with { Params = Named(second.Id) }, true, pin), default);
            var gone = await AgainAsync(pinned + "0");
            Assert.Equal((Contracts.Wire.Outcome.Executed, true), (gone.Outcome, gone.Data!.Value.GetProperty("already_gone").GetBoolean()));
            Assert.Equal(Contracts.Wire.Outcome.Unknown, (await AgainAsync(null)).Outcome);
            Assert.False(second.HasExited);
            Assert.Equal(Contracts.Wire.Outcome.Executed, (await AgainAsync(ProcStat.Read(second.Id)!.StartTime(Boot))).Outcome);
            Assert.True(second.WaitForExit(Eventually.Patience));
        }
        finally
        {
            first.Kill();
        }
    }

    [NeedsFact(Needs.Linux)]
    public async Task After_a_crash_a_process_that_is_still_there_is_finished()
    {
        using var child = Start("sleep", "600");
        var done = await KillAsync(new KillParams(child.Id, ProcStat.Read(child.Id)!.StartTime(Boot), null), resumed: true);
        Assert.True(child.WaitForExit(Eventually.Patience));
        Assert.False(done.Details.ContainsKey("already_gone"));
    }

    [NeedsFact(Needs.Linux)]
    public async Task The_agent_its_parent_the_first_process_and_kernel_threads_are_refused()
    {
        var me = ProcStat.Read(Environment.ProcessId)!;
        Assert.Equal("refused", await RefusedAsync(new KillParams(me.Pid, me.StartTime(Boot), null)));
        Assert.Equal("refused", await RefusedAsync(new KillParams(me.Parent, ProcStat.Read(me.Parent)!.StartTime(Boot), null)));
        Assert.Equal("refused", await RefusedAsync(new KillParams(1, ProcStat.Read(1)!.StartTime(Boot), null)));
        if (LinuxProcessList.Pids().Select(ProcStat.Read).FirstOrDefault(p => p is { IsKernelThread: true }) is { } kernel)
            Assert.Equal("refused", await RefusedAsync(new KillParams(kernel.Pid, kernel.StartTime(Boot), kernel.Name)));
    }

    [Fact]
    public void Names_with_brackets_and_blanks_are_read_right()
    {
        var stat = ProcStat.Parse("4242 (a) b (c) S 17 4242 4242 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 987654 0 0"u8);
        Assert.Equal((4242, "a) b (c", 'S', 17, true, 987654), (stat.Pid, stat.Name, stat.State, stat.Parent, stat.IsKernelThread, stat.StartTicks));
    }
}
