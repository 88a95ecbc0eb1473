using System.Text.Json;
using Voltaxe.Agent.Platform;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Actions;

/// <summary>Ends the one process that was meant, or nothing.</summary>
public sealed class KillProcess(HostPlatform platform) : IAction
{
    public string Command => CommandNames.KillProcess;

    public TimeSpan Limit => TimeSpan.FromMinutes(1);

    public string? WhyNot(JsonElement parameters) => platform.Processes is null ? platform.WhyMissing(Command) : null;

    public string? Pin(JsonElement parameters) => platform.Processes?.Pin(CommandParams.ReadKill(parameters));

    public async Task<ActionResult> RunAsync(ActionOrder order, CancellationToken ct)
    {
        try
        {
            var target = CommandParams.ReadKill(order.Command.Params);
            // Ordered by name: meant is the process that had pid and name before it began, and no later one.
            target = target with { StartTime = target.StartTime ?? order.Pin };
            if (order.Resumed && target.StartTime is null && platform.Processes!.Pin(target) is not null)
            {
                return ActionResult.Failed("agent_crash", $"process {target.Pid} is called {target.Name}, but the agent died while it was ending one of this pid and name, and nobody can know whether it is the same")
                    with { Outcome = Outcome.Unknown };
            }
            var done = await platform.Processes!.KillAsync(order.Uid, target, order.Resumed, ct);
            return ActionResult.Executed(done.Message, HostPlatform.ToElement(done.Details));
        }
        catch (PlatformException e)
        {
            return ActionResult.Failed(e.Error, e.Message);
        }
    }
}
