using System.Text;
using System.Text.Json.Nodes;
using Voltaxe.Contracts.Commands;

namespace Voltaxe.Agent.Platform.Linux;

/// <summary>Ends processes through a pidfd, so that the one that was looked at is the one that is hit.</summary>
/// <param name="grace">How long SIGTERM has before SIGKILL.</param>
public sealed class LinuxProcesses(string bootId, TimeSpan grace) : IProcessControl
{
    private const int MaxKernelNameBytes = 15;
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(200), KillPatience = TimeSpan.FromSeconds(20);

    /// <summary>Ending these takes the host down or hides what happens on it.</summary>
    private static readonly string[] Protected = ["systemd", "init", "systemd-journal", "systemd-journald", "systemd-logind", "systemd-udevd", "dbus-daemon", "auditd"];

    public Task<EffectOutcome> KillAsync(Guid uid, KillParams target, bool resumed, CancellationToken ct)
    {
        using var process = Native.OpenProcess(target.Pid);
        // The handle is open before the identity is read: if the pid is given to another process now, the handle does not go along.
        var found = process is null ? null : ProcStat.Read(target.Pid);
        if (process is null || found is null || Native.Signal(process, 0) == Native.NoSuchProcess || found.State == 'Z' || !Matches(found, target))
        {
            return resumed
                ? Task.FromResult(new EffectOutcome(true, "the process is gone", Details(target, null, [], alreadyGone: true)))
                : throw new PlatformException("target_changed", found is null
                    ? $"there is no process {target.Pid}"
                    : $"process {target.Pid} is not the one that was meant: it is {found.Name}, started {found.StartTime(bootId)}");
        }
        Refuse(found);
        var sent = new List<string>();
        Send(process, Native.SigTerm, "SIGTERM", sent);
        if (!Ends(process, grace, ct))
        {
            Send(process, Native.SigKill, "SIGKILL", sent);
            if (!Ends(process, KillPatience, ct))
                throw new PlatformException("still_alive", $"process {target.Pid} did not end, not even after SIGKILL");
        }
        return Task.FromResult(new EffectOutcome(true, $"{found.Name} ({found.Pid}) ended by {sent[^1]}", Details(target, found, sent, alreadyGone: false)));
    }

    public JsonArray List() => LinuxProcessList.Read(bootId);

    private bool Matches(ProcStat found, KillParams target) =>
        (target.StartTime is null || target.StartTime == found.StartTime(bootId)) && (target.Name is null || Cut(target.Name) == found.Name);

    private static void Refuse(ProcStat found)
    {
        var why = found.Pid <= 1 ? "it is the first process of the host"
            : found.IsKernelThread ? "it is a thread of the kernel"
            : found.Pid == Environment.ProcessId ? "it is this agent"
            : found.Pid == ProcStat.Read(Environment.ProcessId)?.Parent ? "it is this agent's parent"
            : Protected.Contains(found.Name) ? "it is on the list of protected processes"
            : null;
        if (why is not null)
            throw new PlatformException("refused", $"process {found.Pid} ({found.Name}) is not ended: {why}");
    }

    private static void Send(Microsoft.Win32.SafeHandles.SafeFileHandle process, int signal, string name, List<string> sent)
    {
        var errno = Native.Signal(process, signal);
        if (errno is not (0 or Native.NoSuchProcess))
            throw new PlatformException(errno == Native.NotPermitted ? "not_permitted" : "signal_failed", $"{name} could not be sent (errno {errno})");
        sent.Add(name);
    }

    private static bool Ends(Microsoft.Win32.SafeHandles.SafeFileHandle process, TimeSpan within, CancellationToken ct)
    {
        for (var left = within; left > TimeSpan.Zero; left -= Slice)
        {
            ct.ThrowIfCancellationRequested();
            if (Native.WaitForEnd(process, left < Slice ? left : Slice))
                return true;
        }
        return false;
    }

    private JsonObject Details(KillParams target, ProcStat? found, IEnumerable<string> signals, bool alreadyGone)
    {
        var details = new JsonObject { ["pid"] = target.Pid, ["name"] = found?.Name ?? target.Name, ["start_time"] = found?.StartTime(bootId) ?? target.StartTime };
        if (alreadyGone)
            details["already_gone"] = true;
        details["signals"] = new JsonArray([.. signals.Select(s => (JsonNode)s)]);
        return details;
    }

    private static string Cut(string name)
    {
        var bytes = Encoding.UTF8.GetBytes(name);
        return bytes.Length <= MaxKernelNameBytes ? name : Encoding.UTF8.GetString(bytes.AsSpan(0, MaxKernelNameBytes));
    }
}
