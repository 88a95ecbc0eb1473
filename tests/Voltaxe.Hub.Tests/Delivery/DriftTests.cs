using Voltaxe.Contracts.Operators;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Agents;
using Voltaxe.Hub.Delivery;

namespace Voltaxe.Hub.Tests.Delivery;

/// <summary>Where the host is not as it was last asked to be, that is shown, and since when.</summary>
public sealed class DriftTests
{
    private static readonly Observed Free = new(false, null, null, RulesState.None);

    [Fact]
    public async Task Drift_begins_when_it_is_first_observed_and_ends_when_the_host_is_as_asked()
    {
        await using var queue = await Queue.OpenAsync(null);
        var agent = await queue.EnrolAsync("web-01");
        var order = await queue.IsolateAsync("web-01");
        await agent.SyncAsync();
        Assert.Equal((false, null), await DriftAsync(queue)); // On its way, and so shown as isolating.
        await SaysAsync(queue, agent, Free with { Isolated = true, Rules = RulesState.Intact }, QueueAgent.Ended(order));
        Assert.Equal((false, null), await DriftAsync(queue));

        queue.Clock.Advance(TimeSpan.FromHours(3));
        var began = queue.Clock.GetUtcNow();
        await SaysAsync(queue, agent, Free with { Rules = RulesState.Tampered });
        Assert.Equal((true, began), await DriftAsync(queue));
        queue.Clock.Advance(TimeSpan.FromMinutes(5));
        await SaysAsync(queue, agent, Free with { Rules = RulesState.Missing });
        Assert.Equal((true, began), await DriftAsync(queue));

        await SaysAsync(queue, agent, Free with { Isolated = true, Rules = RulesState.Intact });
        Assert.Equal((false, null), await DriftAsync(queue));
        queue.Clock.Advance(TimeSpan.FromMinutes(1));
        await SaysAsync(queue, agent, Free);
        Assert.Equal((true, queue.Clock.GetUtcNow()), await DriftAsync(queue));
    }

    private static async Task SaysAsync(Queue queue, QueueAgent agent, Observed observed, params ResultReport[] results) =>
        Assert.False((await queue.SendAsync(new SyncAgent.Request(agent.Id, agent.Request(results: results) with { Observed = observed }, null))).IsRefused);

    private static async Task<(bool, DateTimeOffset?)> DriftAsync(Queue queue)
    {
        AgentView view = (await queue.Store.ReadAsync((db, ct) => queue.Get<AgentViews>().LoadAsync(db, null, ct), default)).Single();
        return (view.Drift, view.DriftSince);
    }
}
