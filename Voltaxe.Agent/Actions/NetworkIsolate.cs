using System.Text.Json;
using Voltaxe.Agent.Platform;
using Voltaxe.Contracts.Commands;

namespace Voltaxe.Agent.Actions;

/// <summary>
/// Cuts the host off from everything but the hub, and sees for itself that it did, before it says so. Rules behind which a hub falls
/// silent that had answered are rolled back; they are loaded again when the hub stays silent without them, and a second time when it
/// answers: only rules that cut it off twice are the cause.
/// </summary>
public sealed class NetworkIsolate(HostPlatform platform, IsolationProof proof, IsolationWatch watch) : IAction
{
    public string Command => CommandNames.NetworkIsolate;

    public TimeSpan Limit => TimeSpan.FromMinutes(2);

    public string? WhyNot(JsonElement parameters) => platform.Isolation is null ? platform.WhyMissing(Command) : null;

    public async Task<ActionResult> RunAsync(ActionOrder order, CancellationToken ct)
    {
        try
        {
            var wanted = CommandParams.ReadIsolate(order.Command.Params);
            if (platform.Isolation is IRulesIsolation rules)
                return await new Attempt(proof, rules, order.Uid, wanted).RunAsync(order.Resumed, ct);
            var done = await platform.Isolation!.IsolateAsync(order.Uid, wanted, order.Resumed, ct);
            done.Details["changed"] = done.Changed;
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

    /// <summary>One command's rules, loaded once or twice.</summary>
    private sealed class Attempt(IsolationProof proof, IRulesIsolation rules, Guid uid, IsolateParams wanted)
    {
        private bool second;

        public async Task<ActionResult> RunAsync(bool resumed, CancellationToken ct)
        {
            if (resumed && await rules.IsRolledBackAsync(uid, ct))
                return await DecideAsync(ct);
            proof.Loaded();
            var done = await rules.IsolateAsync(uid, wanted, resumed, ct);
            done.Details["changed"] = done.Changed;
            return await ProveAsync(done, ct);
        }

        private async Task<ActionResult> ProveAsync(EffectOutcome done, CancellationToken ct)
        {
            var seen = await proof.WaitAsync(rules, second ? IsolationProof.SecondTimeout : proof.Timeout, ct);
            if (!seen.HubAccepts && rules.HubAnsweredBefore)
            {
                await rules.RollBackAsync(uid, ct);
                return await DecideAsync(ct);
            }
            if (seen.WhyNotBlocked is { } open)
                done.Details["verified_why_not"] = open;
            // Someone else may be blocking the hub. To free the host now would be to do as they wish.
            if (!seen.HubAnswers)
            {
                done.Details["verified_why_not"] = seen.HubAccepts
                    ? "the hub accepts connections through the rules and has not answered yet: the host stays isolated, and goes on trying"
                    : "the hub does not answer, and did not without the rules either: the host stays isolated, and goes on trying";
            }
            return ActionResult.Executed(done.Message, HostPlatform.ToElement(done.Details), seen.Holds);
        }

        /// <summary>The rules are away: were they the cause of the hub's silence?</summary>
        private async Task<ActionResult> DecideAsync(CancellationToken ct)
        {
            var back = await proof.IsBackAsync(rules, ct);
            if (back && second)
                return ActionResult.Failed("control_channel_lost", "the hub had answered and did not through the rules, twice: they were taken back", new() { ["rolled_back"] = true });
            second = true;
            proof.Loaded();
            var done = await rules.LoadAgainAsync(uid, wanted, hubAnswered: back, ct);
            done.Details["changed"] = done.Changed;
            done.Details["loaded_again"] = back
                ? "the hub fell silent after the rules were loaded and answered when they were taken back: loaded a second time"
                : "the hub fell silent after the rules were loaded and stayed silent when they were taken back: they were not the cause";
            return await ProveAsync(done, ct);
        }
    }
}
