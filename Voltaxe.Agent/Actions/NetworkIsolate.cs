using System.Text.Json;
using Voltaxe.Agent.Platform;
using Voltaxe.Contracts.Commands;

namespace Voltaxe.Agent.Actions;

/// <summary>Cuts the host off from everything but the hub, and sees for itself that it did, before it says so.</summary>
public sealed class NetworkIsolate(HostPlatform platform, IsolationProof proof, IsolationWatch watch) : IAction
{
    public string Command => CommandNames.NetworkIsolate;

    public TimeSpan Limit => TimeSpan.FromMinutes(2);

    public string? WhyNot(JsonElement parameters) => platform.Isolation is null ? platform.WhyMissing(Command) : null;

    public async Task<ActionResult> RunAsync(ActionOrder order, CancellationToken ct)
    {
        try
        {
            proof.Loaded();
            var done = await platform.Isolation!.IsolateAsync(order.Uid, CommandParams.ReadIsolate(order.Command.Params), order.Resumed, ct);
            done.Details["changed"] = done.Changed;
            if (platform.Isolation is IRulesIsolation rules)
                return await ProveAsync(rules, order.Uid, done, ct);
            done.Details["verified_why_not"] = "a dry run blocks nothing";
            return ActionResult.Executed(done.Message, HostPlatform.ToElement(done.Details), verified: false);
        }
        catch (PlatformException e)
        {
            return ActionResult.Failed(e.Error, e.Message);
        }
        finally
        {
            await watch.LookAsync(CancellationToken.None);
        }
    }

    private async Task<ActionResult> ProveAsync(IRulesIsolation rules, Guid uid, EffectOutcome done, CancellationToken ct)
    {
        var seen = await proof.WaitAsync(rules, ct);
        if (!seen.HubAnswers && rules.HubAnsweredBefore)
        {
            await rules.RollBackAsync(uid, ct);
            done.Details["rolled_back"] = true;
            return ActionResult.Failed("control_channel_lost", "the hub had answered and did not through the rules: they were taken back", done.Details);
        }
        if (seen.WhyNotBlocked is { } open)
            done.Details["verified_why_not"] = open;
        // Someone else may be blocking the hub. To free the host now would be to do as they wish.
        if (!seen.HubAnswers)
            done.Details["verified_why_not"] = "the hub does not answer, and did not right before either: the host stays isolated, and goes on trying";
        return ActionResult.Executed(done.Message, HostPlatform.ToElement(done.Details), seen.Holds);
    }
}
