using Voltaxe.Agent.Execution.Ledgers;
using Voltaxe.Agent.Platform;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Execution;

/// <summary>Takes release codes: whoever stands at an isolated host that does not hear its hub ends the isolation with one.</summary>
/// <param name="time">For the wall clock, which counts only while the hub's time is not known.</param>
public sealed class ReleaseDesk(ReleaseVerifier verifier, HostPlatform platform, Executor executor, Book book, HubClock clock, TimeProvider time)
{
    /// <summary>What became of the code. Cancelled when the agent ends before that is known.</summary>
    public async Task<ReleaseAnswer> TakeAsync(string code, CancellationToken ct)
    {
        var (order, refusal) = verifier.Verify(code);
        if (order is null)
            return new(ExitCodes.Refused, refusal!);
        if (platform.Isolation is not { } isolation)
            return new(ExitCodes.Failed, platform.WhyMissing(CommandNames.NetworkRestore));
        try
        {
            var uid = await isolation.InForceAsync(ct);
            var stands = uid is not null || (await isolation.ObserveAsync(ct)).Rules != RulesState.None;
            return await executor.ReleaseAsync(order, new ReleaseScene(stands, uid, Now));
        }
        catch (PlatformException e)
        {
            return new(ExitCodes.Failed, $"whether this host is isolated cannot be seen: {e.Message}");
        }
    }

    /// <summary>
    /// Hub time as reckoned since the last sync. After a restart of the machine nobody reckons it: then the wall clock counts, but it is
    /// not earlier than the hub was last known to be. A wall clock that is ahead refuses a good code; whoever may show one may set it right.
    /// </summary>
    private DateTimeOffset Now
    {
        get
        {
            if (clock.Now is { } reckoned)
                return reckoned;
            var (wall, known) = (time.GetUtcNow(), book.Ledger.Clock?.HubTime);
            return known > wall ? known.Value : wall;
        }
    }
}
