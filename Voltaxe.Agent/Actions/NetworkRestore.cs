using System.Text.Json;
using Voltaxe.Agent.Platform;
using Voltaxe.Contracts.Commands;

namespace Voltaxe.Agent.Actions;

/// <summary>Takes the isolation away, and nothing else.</summary>
public sealed class NetworkRestore(HostPlatform platform, IsolationWatch watch) : IAction
{
    public string Command => CommandNames.NetworkRestore;

    public TimeSpan Limit => TimeSpan.FromMinutes(2);

    public string? WhyNot(JsonElement parameters) => platform.Isolation is null ? platform.WhyMissing(Command) : null;

    public async Task<ActionResult> RunAsync(ActionOrder order, CancellationToken ct)
    {
        try
        {
            var done = await platform.Isolation!.RestoreAsync(order.Uid, order.Resumed, ct);
            done.Details["changed"] = done.Changed;
            return ActionResult.Executed(done.Message, HostPlatform.ToElement(done.Details));
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
