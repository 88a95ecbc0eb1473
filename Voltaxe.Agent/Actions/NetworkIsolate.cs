using System.Text.Json;
using Voltaxe.Agent.Platform;
using Voltaxe.Contracts.Commands;

namespace Voltaxe.Agent.Actions;

/// <summary>Cuts the host off from everything but the hub.</summary>
public sealed class NetworkIsolate(HostPlatform platform, IsolationWatch watch) : IAction
{
    public string Command => CommandNames.NetworkIsolate;

    public TimeSpan Limit => TimeSpan.FromMinutes(2);

    public string? WhyNot(JsonElement parameters) => platform.Isolation is { } isolation
        ? isolation.WhyNot(CommandParams.ReadIsolate(parameters))
        : platform.WhyMissing(Command);

    public async Task<ActionResult> RunAsync(ActionOrder order, CancellationToken ct)
    {
        try
        {
            var done = await platform.Isolation!.IsolateAsync(order.Uid, CommandParams.ReadIsolate(order.Command.Params), order.Resumed, ct);
            done.Details["changed"] = done.Changed;
            done.Details["verified_why_not"] = "this version does not probe the block";
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
}
