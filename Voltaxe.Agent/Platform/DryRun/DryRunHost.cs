using System.Text.Json.Nodes;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Platform.DryRun;

/// <summary>
/// Does nothing to the host, and lives as if it did: an isolation stays until it is taken away, also over restarts; every effect that is
/// started leaves one durable line. A command that is resumed after a crash looks for its line first.
/// </summary>
public sealed class DryRunHost(EffectsLog effects, Func<DateTimeOffset> now, Func<JsonArray> processes) : IHostIsolation, IProcessControl
{
    private volatile string? notWritten;

    /// <summary>A platform that pretends to change the host. What only reads is the real one's.</summary>
    public static HostPlatform Make(string effectsPath, Func<DateTimeOffset> now, IForensics? forensics, Func<JsonArray> processes)
    {
        var host = new DryRunHost(new EffectsLog(effectsPath), now, processes);
        return new HostPlatform("a dry run", host, host, forensics) { Marks = ["dry_run"] };
    }

    public Task<EffectOutcome> IsolateAsync(Guid uid, IsolateParams wanted, bool resumed, CancellationToken ct)
    {
        var before = LastNetwork(uid, CommandNames.NetworkIsolate);
        var allow = string.Join(',', wanted.Allow);
        var changed = before is not { Command: CommandNames.NetworkIsolate } || before.Detail != Detail(allow);
        Do(uid, CommandNames.NetworkIsolate, Detail(allow), resumed);
        return Task.FromResult(new EffectOutcome(changed, "isolated (dry run)", Details()));
    }

    public Task<EffectOutcome> RestoreAsync(Guid uid, bool resumed, CancellationToken ct)
    {
        var changed = LastNetwork(uid, CommandNames.NetworkRestore) is { Command: CommandNames.NetworkIsolate };
        Do(uid, CommandNames.NetworkRestore, "-", resumed);
        return Task.FromResult(new EffectOutcome(changed, "restored (dry run)", Details()));
    }

    public Task<Observed> ObserveAsync(CancellationToken ct)
    {
        var last = LastNetwork();
        return Task.FromResult(last is { Command: CommandNames.NetworkIsolate }
            ? new Observed(true, WireTime.Truncate(last.At), null, RulesState.Intact)
            : new Observed(false, null, null, RulesState.None));
    }

    public Task<Guid?> InForceAsync(CancellationToken ct) =>
        Task.FromResult(LastNetwork() is { Command: CommandNames.NetworkIsolate } last ? last.Uid : (Guid?)null);

    public Task<EffectOutcome> KillAsync(Guid uid, KillParams target, bool resumed, CancellationToken ct)
    {
        var gone = Do(uid, CommandNames.KillProcess, $"pid={target.Pid}", resumed);
        var details = Details();
        details["pid"] = target.Pid;
        if (gone)
            details["already_gone"] = true;
        return Task.FromResult(new EffectOutcome(!gone, "killed (dry run)", details));
    }

    /// <summary>The log of effects says what was done before a crash; nothing needs to be pinned.</summary>
    public string? Pin(KillParams target) => target.StartTime ?? "dry-run";

    public JsonArray List() => processes();

    /// <summary>True when it was already done before a crash.</summary>
    private bool Do(Guid uid, string command, string detail, bool resumed)
    {
        if (resumed && effects.Last(l => l.Uid == uid && l.Command == command) is not null)
            return true;
        notWritten = effects.Append(new EffectsLog.Line(now(), uid, command, detail));
        return false;
    }

    /// <summary>The last change to the network, but for one command's own. A timed isolation is restored under its own uid.</summary>
    private EffectsLog.Line? LastNetwork(Guid? uid = null, string? command = null) =>
        effects.Last(l => CommandNames.IsNetwork(l.Command) && (l.Uid != uid || l.Command != command));

    private static string Detail(string allow) => allow.Length > 0 ? $"allow={allow}" : "-";

    private JsonObject Details()
    {
        var details = new JsonObject { ["dry_run"] = true };
        if (notWritten is { } why)
            details["not_written_down"] = why;
        return details;
    }
}
