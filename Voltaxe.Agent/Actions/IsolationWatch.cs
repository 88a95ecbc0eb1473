using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Voltaxe.Agent.Execution;
using Voltaxe.Agent.Platform;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Actions;

/// <summary>
/// Keeps an isolation standing: looks after every network command and every few seconds, puts back what somebody took away, tries again
/// what is not proven, and has the hub told.
/// </summary>
/// <param name="raise">Journals an event: its kind, whose isolation it is about, and more.</param>
public sealed partial class IsolationWatch(
    HostPlatform platform, IsolationProof proof, Outbox outbox, Action<string, Guid?, JsonObject> raise, TimeProvider time, ILogger<IsolationWatch> log,
    HostNotice? notice = null)
{
    /// <summary>While isolated, half of the ten seconds within which removed rules must be back.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10), IntervalWhileIsolated = TimeSpan.FromSeconds(5);

    /// <summary>Somebody who removes the rules in a loop must not fill the journal: at most so often is it told.</summary>
    private static readonly TimeSpan BetweenReports = TimeSpan.FromMinutes(1);

    // One look at a time: an older one must not overwrite what a newer one saw.
    private readonly SemaphoreSlim turn = new(1);
    private volatile Observed? current;
    private long? reported;
    private int unreported;

    /// <summary>What was seen last, or null where this host cannot be isolated or could not be looked at.</summary>
    public Observed? Current => current;

    public async Task LookAsync(CancellationToken ct)
    {
        if (platform.Isolation is not { } isolation)
            return;
        await turn.WaitAsync(ct);
        try
        {
            Show(await isolation.ObserveAsync(ct));
            if (isolation is not IRulesIsolation rules)
                return;
            if (current is not { Rules: RulesState.None })
                await PutBackAsync(rules, ct);
            if (current is { Isolated: true })
                await proof.RefreshAsync(rules, ct);
            Show(await isolation.ObserveAsync(ct));
        }
        catch (PlatformException e)
        {
            CannotLook(e.Message);
            // Rules that were found gone and could not be put back are not forgotten.
            if (current is not { Rules: RulesState.Missing or RulesState.Tampered })
                current = null;
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Looks until cancelled.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        try
        {
            while (true)
            {
                await Task.Delay(platform.Isolation is null ? Timeout.InfiniteTimeSpan : current is null or { Rules: RulesState.None } ? Interval : IntervalWhileIsolated, time, ct);
                await LookAsync(ct);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The agent stops.
        }
    }

    private async Task PutBackAsync(IRulesIsolation rules, CancellationToken ct)
    {
        if (await rules.ReapplyAsync(ct) is not { } back)
            return;
        proof.Loaded();
        PutBack(Words.Of(back.Found), back.Rebooted);
        Report(back);
        outbox.RingNow();
    }

    private void Report(Reapplied back)
    {
        if (back.Rebooted)
        {
            raise("isolation_reapplied", back.Uid, new() { ["found"] = Words.Of(back.Found), ["why"] = "the machine was restarted" });
            return;
        }
        if (reported is { } last && time.GetElapsedTime(last) < BetweenReports)
        {
            unreported++;
            return;
        }
        var data = new JsonObject { ["found"] = Words.Of(back.Found) };
        if (unreported > 0)
            data["times_before"] = unreported;
        (reported, unreported) = (time.GetTimestamp(), 0);
        raise("isolation_tampered", back.Uid, data);
        raise("isolation_reapplied", back.Uid, new() { ["found"] = Words.Of(back.Found) });
    }

    /// <summary>When it was verified grows by the minute; that alone is no news.</summary>
    private void Show(Observed seen)
    {
        var before = current;
        current = seen;
        _ = notice?.Saw(seen);
        if (before is null || before == seen || before with { VerifiedAt = seen.VerifiedAt } == seen && before.VerifiedAt is null == seen.VerifiedAt is null)
            return;
        Changed(seen.Isolated, seen.Rules, seen.VerifiedAt is not null);
        outbox.RingSoon();
    }

    [LoggerMessage(4000, LogLevel.Information, "Isolated: {Isolated}, rules: {Rules}, verified: {Verified}")]
    private partial void Changed(bool isolated, RulesState rules, bool verified);

    [LoggerMessage(4001, LogLevel.Warning, "Whether this host is isolated cannot be seen, or not be put right: {Why}")]
    private partial void CannotLook(string why);

    [LoggerMessage(4002, LogLevel.Warning, "The isolation's rules were {Found} and have been put back; restarted in between: {Rebooted}")]
    private partial void PutBack(string found, bool rebooted);
}
