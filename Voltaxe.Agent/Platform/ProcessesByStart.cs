using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Voltaxe.Contracts.Commands;

namespace Voltaxe.Agent.Platform;

/// <summary>Ends processes by pid and the moment they started, which together name a process for good: for systems without pidfd.</summary>
/// <param name="grace">How long a process that was asked to end has before it is ended.</param>
public abstract class ProcessesByStart(TimeSpan grace) : IProcessControl
{
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(200), KillPatience = TimeSpan.FromSeconds(20);

    /// <summary>Who a process is.</summary>
    protected sealed record Identity(int Pid, string Name, string StartTime);

    /// <summary>What ending a process by force is called here.</summary>
    protected abstract string Force { get; }

    /// <summary>Why this one is not ended, or null.</summary>
    protected abstract string? WhyProtected(Process process, Identity found);

    /// <summary>Asks a process to end, and says how; null: there is no way to ask here.</summary>
    protected abstract string? Ask(Process process);

    protected abstract bool SameName(string found, string meant);

    /// <summary>Adds what this system says of its processes.</summary>
    protected abstract void Describe(IReadOnlyDictionary<int, JsonObject> entries);

    public Task<EffectOutcome> KillAsync(Guid uid, KillParams target, bool resumed, CancellationToken ct)
    {
        using var process = Open(target.Pid);
        var found = process is null ? null : Identify(process);
        if (process is null || found is null || !Matches(found, target))
        {
            return resumed
                ? Task.FromResult(new EffectOutcome(true, "the process is gone", Details(target, null, [], alreadyGone: true)))
                : throw new PlatformException("target_changed", found is null
                    ? $"there is no process {target.Pid}"
                    : $"process {target.Pid} is not the one that was meant: it is {found.Name}, started {found.StartTime}");
        }
        if ((found.Pid == Environment.ProcessId ? "it is this agent" : WhyProtected(process, found)) is { } why)
            throw new PlatformException("refused", $"process {found.Pid} ({found.Name}) is not ended: {why}");
        var done = new List<string>();
        if (Ask(process) is { } asked)
            done.Add(asked);
        // Looked at again before the second blow: where no handle keeps the pid, another may have it by now.
        if ((done.Count == 0 || !Ends(process, grace, ct)) && IsStill(found))
        {
            End(process, done);
            if (!Ends(process, KillPatience, ct))
                throw new PlatformException("still_alive", $"process {target.Pid} did not end, not even after {Force}");
        }
        return Task.FromResult(new EffectOutcome(true, $"{found.Name} ({found.Pid}) ended by {done.LastOrDefault() ?? "itself"}", Details(target, found, done, alreadyGone: false)));
    }

    public string? Pin(KillParams target)
    {
        using var process = Open(target.Pid);
        return process is not null && Identify(process) is { } found && Matches(found, target) ? found.StartTime : null;
    }

    public JsonArray List()
    {
        var entries = new SortedDictionary<int, JsonObject>();
        foreach (var process in Process.GetProcesses())
        {
            using (process)
            {
                // Of a process that this user may not look into, pid and name are what there is.
                entries[process.Id] = new JsonObject { ["pid"] = process.Id, ["name"] = Try(() => process.ProcessName), ["start_time"] = Try(() => StartOf(process)) };
            }
        }
        Describe(entries);
        return new JsonArray([.. entries.Values]);
    }

    protected static string? Try(Func<string?> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>With a handle where the system has such: as long as that is open, Windows gives the pid to nobody else.</summary>
    private static Process? Open(int pid)
    {
        Process? process = null;
        try
        {
            process = Process.GetProcessById(pid);
            _ = process.SafeHandle;
            return process;
        }
        catch (ArgumentException)
        {
            return null;
        }
        catch (InvalidOperationException)
        {
            process?.Dispose();
            return null;
        }
        catch (Win32Exception e)
        {
            process?.Dispose();
            throw new PlatformException("not_permitted", $"process {pid} cannot be opened: {e.Message}");
        }
    }

    private static Identity? Identify(Process process)
    {
        try
        {
            return process.HasExited ? null : new(process.Id, process.ProcessName, StartOf(process));
        }
        catch (InvalidOperationException)
        {
            return null;
        }
        catch (Win32Exception e)
        {
            throw new PlatformException("not_permitted", $"process {process.Id} cannot be looked at: {e.Message}");
        }
    }

    private static bool IsStill(Identity found)
    {
        using var again = Open(found.Pid);
        return again is not null && Identify(again) is { } now && now.StartTime == found.StartTime;
    }

    private void End(Process process, List<string> done)
    {
        try
        {
            process.Kill();
            done.Add(Force);
        }
        catch (InvalidOperationException)
        {
            // It ended by itself just now.
        }
        catch (Win32Exception e)
        {
            throw new PlatformException("not_permitted", $"{Force} failed: {e.Message}");
        }
    }

    private static string StartOf(Process process) => process.StartTime.ToUniversalTime().ToString("O", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Pid and start are the identity; a name decides only where there is nothing else.</summary>
    private bool Matches(Identity found, KillParams target) =>
        target.StartTime is { } start ? start == found.StartTime : target.Name is { } name && SameName(found.Name, name);

    private static bool Ends(Process process, TimeSpan within, CancellationToken ct)
    {
        for (var left = within; left > TimeSpan.Zero; left -= Slice)
        {
            ct.ThrowIfCancellationRequested();
            if (process.WaitForExit(left < Slice ? left : Slice))
                return true;
        }
        return false;
    }

    private static JsonObject Details(KillParams target, Identity? found, IEnumerable<string> done, bool alreadyGone)
    {
        var details = new JsonObject { ["pid"] = target.Pid, ["name"] = found?.Name ?? target.Name, ["start_time"] = found?.StartTime ?? target.StartTime };
        if (alreadyGone)
            details["already_gone"] = true;
        details["signals"] = new JsonArray([.. done.Select(s => (JsonNode)s)]);
        return details;
    }
}
