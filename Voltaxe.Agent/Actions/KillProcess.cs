using System.Text.Json;
using Voltaxe.Agent.Platform;
using Voltaxe.Contracts.Commands;

namespace Voltaxe.Agent.Actions;

/// <summary>Ends the one process that was meant, or nothing.</summary>
public sealed class KillProcess(HostPlatform platform) : IAction
{
    public string Command => CommandNames.KillProcess;

    public TimeSpan Limit => TimeSpan.FromMinutes(1);

    public string? WhyNot(JsonElement parameters) => platform.Processes is null ? platform.WhyMissing(Command) : null;

    public async Task<ActionResult> RunAsync(ActionOrder order, CancellationToken ct)
    {
        try
        {
            var done = await platform.Processes!.KillAsync(order.Uid, CommandParams.ReadKill(order.Command.Params), order.Resumed, ct);
            return ActionResult.Executed(done.Message, HostPlatform.ToElement(done.Details));
        }
        catch (PlatformException e)
        {
            return ActionResult.Failed(e.Error, e.Message);
        }
    }
}
