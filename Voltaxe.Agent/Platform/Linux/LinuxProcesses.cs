using System.Text.Json.Nodes;
using Microsoft.Win32.SafeHandles;
using Voltaxe.Contracts.Commands;

namespace Voltaxe.Agent.Platform.Linux;

/// <summary>Ends processes through a pidfd, so that the one that was looked at is the one that is hit.</summary>
/// <param name="grace">How long SIGTERM has before SIGKILL.</param>
public sealed class LinuxProcesses(string bootId, TimeSpan grace, ProtectedProcesses guarded) : IProcessControl
{
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(200), KillTimeout = TimeSpan.FromSeconds(20);

    public string? Pin(KillParams target) => ProcStat.Read(target.Pid) is { } found && Matches(found, target) ? found.StartTime(bootId) : null;

    public Task<EffectOutcome> KillAsync(Guid uid, KillParams target, bool resumed, CancellationToken ct)
    {
        using var process = Native.OpenProcess(target.Pid);
        // The handle is open before the identity is read: if the pid is given to another process now, the handle does not go along.
        var found = process is null ? null : ProcStat.Read(target.Pid);
        if (process is null || found is null || Native.Signal(process, 0) == Native.NoSuchProcess || !Matches(found, target))
        {
            return resumed
                ? Task.FromResult(new EffectOutcome(true, "the process is gone", Gone(target, null)))
                : throw new PlatformException("target_changed", found is null
                    ? $"there is no process {target.Pid}"
                    : $"process {target.Pid} is not the one that was meant: it is {found.Name}, started {found.StartTime(bootId)}");
        }
        if (guarded.WhyNot(found) is { } why)
            throw new PlatformException("refused", $"process {found.Pid} ({found.Name}) is not ended: {why}");
        if (found.HasEnded)
        {
            return Task.FromResult(new EffectOutcome(resumed,
                $"{found.Name} ({found.Pid}) has ended already: what is left of it is its exit code, which its parent ({found.Parent}) has not read", Gone(target, found)));
        }
        return Task.FromResult(End(process, found, target, ct));
    }

    public JsonArray List() => LinuxProcessList.Read(bootId, guarded.Now());

    private EffectOutcome End(SafeFileHandle process, ProcStat found, KillParams target, CancellationToken ct)
    {
        var sent = new List<string>();
        var descendants = new Descendants(bootId);
        descendants.AddOf(found.Pid);
        Send(process, Native.SigTerm, "SIGTERM", sent);
        if (!Ends(process, grace, ct))
        {
            descendants.AddOf(found.Pid);
            Send(process, Native.SigKill, "SIGKILL", sent);
            if (!Ends(process, KillTimeout, ct))
                throw new PlatformException("still_alive", $"process {target.Pid} did not end, not even after SIGKILL");
        }
        var details = Details(target, found, sent);
        var surviving = descendants.Alive();
        var left = surviving.Count == 0 ? "" : $"; {surviving.Count} of its descendants live on: {string.Join(", ", surviving.Take(Descendants.MostNamed).Select(d => $"{d.Name} ({d.Pid})"))}"
            + (surviving.Count > Descendants.MostNamed ? ", …" : "");
        details["surviving"] = new JsonArray([.. surviving.Take(Descendants.MostNamed).Select(d => (JsonNode)new JsonObject { ["pid"] = d.Pid, ["name"] = d.Name, ["start_time"] = d.StartTime(bootId) })]);
        details["surviving_count"] = surviving.Count;
        return new EffectOutcome(true, $"{found.Name} ({found.Pid}) ended by {sent[^1]}{left}", details);
    }

    /// <summary>Pid, boot and start are the identity. A name is what the process last called itself: it decides only where there is nothing else.</summary>
    private bool Matches(ProcStat found, KillParams target) =>
        target.StartTime is { } start ? start == found.StartTime(bootId) : target.Name is { } name && found.IsCalled(name);

    private static void Send(SafeFileHandle process, int signal, string name, List<string> sent)
    {
        var errno = Native.Signal(process, signal);
        if (errno is not (0 or Native.NoSuchProcess))
            throw new PlatformException(errno == Native.NotPermitted ? "not_permitted" : "signal_failed", $"{name} could not be sent (errno {errno})");
        sent.Add(name);
    }

    private static bool Ends(SafeFileHandle process, TimeSpan within, CancellationToken ct)
    {
        for (var left = within; left > TimeSpan.Zero; left -= Slice)
        {
            ct.ThrowIfCancellationRequested();
            if (Native.WaitForEnd(process, left < Slice ? left : Slice))
                return true;
        }
        return false;
    }

    private JsonObject Gone(KillParams target, ProcStat? found)
    {
        var details = Details(target, found, []);
        details["already_gone"] = true;
        return details;
    }

    private JsonObject Details(KillParams target, ProcStat? found, IEnumerable<string> signals)
    {
        var details = new JsonObject { ["pid"] = target.Pid, ["name"] = found?.Name ?? target.Name, ["start_time"] = found?.StartTime(bootId) ?? target.StartTime };
        if (found is not null && target.Name is { } meant && !found.IsCalled(meant))
            details["was_called"] = meant;
        details["signals"] = new JsonArray([.. signals.Select(s => (JsonNode)s)]);
        return details;
    }
}
