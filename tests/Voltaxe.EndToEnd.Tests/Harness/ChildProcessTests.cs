using System.Text.RegularExpressions;
using Voltaxe.Testing;
using Voltaxe.Testing.Processes;

namespace Voltaxe.EndToEnd.Tests.Harness;

[Collection(RealProcesses.Name)]
public sealed partial class ChildProcessTests
{
    [GeneratedRegex(@"^ready (\d+)$")]
    private static partial Regex Ready();

    [NeedsFact(Needs.Linux)]
    public async Task A_child_says_when_it_is_ready_and_dies_with_all_that_it_started()
    {
        var child = ChildProcess.Start(new ChildStart("bash", ["-c", "sleep 300 & echo ready $!; echo oops >&2; wait"]));
        var grandchild = int.Parse((await child.WaitForLineAsync(Ready())).Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);
        Assert.True(IsAlive(grandchild));

        await child.DisposeAsync();

        await Eventually.TrueAsync(() => !IsAlive(grandchild));
        Assert.Contains("oops", child.StandardError);
    }

    [NeedsFact(Needs.Linux)]
    public async Task A_child_that_ends_without_the_awaited_line_fails_at_once_with_its_words()
    {
        await using var child = ChildProcess.Start(new ChildStart("bash", ["-c", "echo no such port >&2; exit 3"]));
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => child.WaitForLineAsync(Ready()));
        Assert.Contains("ended with 3", failure.Message, StringComparison.Ordinal);
        Assert.Contains("no such port", failure.Message, StringComparison.Ordinal);
    }

    [NeedsFact(Needs.Linux)]
    public async Task Killed_and_stopped_children_tell_by_their_exit_code()
    {
        await using var killed = ChildProcess.Start(new ChildStart("sleep", ["300"]));
        await killed.KillAsync();
        Assert.Equal(128 + 9, killed.ExitCode);
        await using var stopped = ChildProcess.Start(new ChildStart("sleep", ["300"]));
        Assert.Equal(128 + 15, await stopped.StopAsync());
    }

    [NeedsFact(Needs.Strace)]
    public async Task A_fault_is_injected_at_the_system_call_that_was_named()
    {
        using var folder = new TempFolder();
        var write = new ChildStart("dd", ["if=/dev/zero", "of=" + folder.File("out"), "count=1", "conv=fdatasync"]);

        await using var killed = ChildProcess.Start(write.WithFault("fdatasync:signal=KILL:when=1", folder.File("trace")));
        Assert.Equal(128 + 9, await killed.ExitAsync());

        await using var failing = ChildProcess.Start(write.WithFault("fdatasync:error=EIO:when=1", folder.File("trace")));
        Assert.Equal(1, await failing.ExitAsync());
        Assert.Contains("Input/output error", failing.Output, StringComparison.Ordinal);
    }

    [NeedsFact(Needs.Linux)]
    public async Task When_a_test_run_dies_its_last_will_is_carried_out_newest_first_without_what_was_revoked()
    {
        using var folder = new TempFolder();
        var log = Shell.Quote(folder.File("log"));
        using var executor = LastWill.StartExecutor();
        foreach (var line in new[] { $"+1 echo first >>{log}", $"+2 echo revoked >>{log}", $"+3 false; echo second >>{log}", "-2 " })
            await executor.StandardInput.WriteAsync(line + "\n");

        executor.StandardInput.Close();

        await Eventually.TrueAsync(() => File.Exists(folder.File("log")) && File.ReadAllText(folder.File("log")).EndsWith("first\n", StringComparison.Ordinal));
        Assert.Equal(["second", "first"], await File.ReadAllLinesAsync(folder.File("log")));
    }

    private static bool IsAlive(int pid) => Directory.Exists($"/proc/{pid}") && !File.ReadAllText($"/proc/{pid}/stat").Contains(") Z ", StringComparison.Ordinal);
}
