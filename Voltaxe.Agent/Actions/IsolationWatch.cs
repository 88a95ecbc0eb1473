using Microsoft.Extensions.Logging;
using Voltaxe.Agent.Execution;
using Voltaxe.Agent.Platform;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Actions;

/// <summary>Knows whether the host is isolated: looks after every network command and every ten seconds, and has the hub told of changes.</summary>
public sealed partial class IsolationWatch(HostPlatform platform, Outbox outbox, TimeProvider time, ILogger<IsolationWatch> log)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    // One look at a time: an older one must not overwrite what a newer one saw.
    private readonly SemaphoreSlim one = new(1);
    private volatile Observed? current;

    /// <summary>What was seen last, or null where this host cannot be isolated or could not be looked at.</summary>
    public Observed? Current => current;

    public async Task LookAsync(CancellationToken ct)
    {
        if (platform.Isolation is not { } isolation)
            return;
        await one.WaitAsync(ct);
        try
        {
            var before = current;
            current = await isolation.ObserveAsync(ct);
            if (before is null || before == current)
                return;
            Changed(current.Isolated, current.Rules);
            outbox.RingSoon();
        }
        catch (PlatformException e)
        {
            CannotLook(e.Message);
            current = null;
        }
        finally
        {
            one.Release();
        }
    }

    /// <summary>Looks until cancelled.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        if (platform.Isolation is null)
            return;
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(ct))
                await LookAsync(ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The agent stops.
        }
    }

    [LoggerMessage(4000, LogLevel.Information, "Isolated: {Isolated}, rules: {Rules}")]
    private partial void Changed(bool isolated, RulesState rules);

    [LoggerMessage(4001, LogLevel.Warning, "Whether this host is isolated cannot be seen: {Why}")]
    private partial void CannotLook(string why);
}
