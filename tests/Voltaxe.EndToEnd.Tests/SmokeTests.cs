using Voltaxe.Contracts.Commands;
using Voltaxe.EndToEnd.Tests.Product;
using Voltaxe.Testing;

namespace Voltaxe.EndToEnd.Tests;

/// <summary>Hub and agent as they are shipped, from a click to an effect.</summary>
[Collection(RealProcesses.Name)]
public sealed class SmokeTests
{
    [NeedsFact(Needs.Linux)]
    public async Task An_order_reaches_a_real_agent_and_has_its_effect_once()
    {
        using var folder = new TempFolder();
        await using var hub = await HubProcess.StartAsync(folder.Folder("hub"));
        using var ana = await hub.OperatorAsync();
        await using var agent = await AgentProcess.StartAsync(hub, "web-01", folder.Folder("agent"));

        var queued = await ana.QueueAsync("web-01", CommandNames.NetworkIsolate);
        var ended = await ana.UntilEndedAsync(queued.Id);

        Assert.Equal(CommandStatus.Executed, ended.Status);
        Assert.Single(agent.Effects());
    }

    [NeedsFact(Needs.Linux)]
    public async Task A_hub_and_an_agent_that_were_killed_carry_on_where_they_were()
    {
        using var folder = new TempFolder();
        await using var hub = await HubProcess.StartAsync(folder.Folder("hub"));
        using var ana = await hub.OperatorAsync();
        await using var agent = await AgentProcess.StartAsync(hub, "web-01", folder.Folder("agent"));
        await ana.UntilEndedAsync((await ana.QueueAsync("web-01", CommandNames.NetworkIsolate)).Id);

        await agent.KillAsync();
        var queued = await ana.QueueAsync("web-01", CommandNames.NetworkRestore);
        await hub.KillAsync();
        await hub.StartAsync();
        agent.Start();

        Assert.Equal(CommandStatus.Executed, (await ana.UntilEndedAsync(queued.Id)).Status);
        Assert.Equal(2, agent.Effects().Count);
    }
}
