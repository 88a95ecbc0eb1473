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
    private readonly LinuxProcesses processes = new(Boot, TimeSpan.FromMilliseconds(400));

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
            Assert.Equal("target_changed", await RefusedAsync(new KillParams(child.Id, stat.StartTime(Boot), "bash")));
            Assert.False(child.HasExited);
        }
        finally
        {
            child.Kill();
        }
    }

    [NeedsFact(Needs.Linux)]
    public async Task A_process_that_is_gone_is_target_changed_at_first_and_already_gone_after_a_crash()
    {
        using var child = Start("sleep", "600");
        var target = new KillParams(child.Id, ProcStat.Read(child.Id)!.StartTime(Boot), null);
        child.Kill();
        await child.WaitForExitAsync();
        Assert.Equal("target_changed", await RefusedAsync(target));
        Assert.True((bool)(await KillAsync(target, resumed: true)).Details["already_gone"]!);
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
        var stat = ProcStat.Parse("4242 (a) b (c) S 17 4242 4242 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 987654 0 0");
        Assert.Equal((4242, "a) b (c", 'S', 17, true, 987654), (stat.Pid, stat.Name, stat.State, stat.Parent, stat.IsKernelThread, stat.StartTicks));
    }
}
