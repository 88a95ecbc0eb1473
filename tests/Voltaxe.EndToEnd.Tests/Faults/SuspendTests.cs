using Voltaxe.Contracts.Commands;
using Voltaxe.EndToEnd.Tests.Product;
using Voltaxe.Testing;

namespace Voltaxe.EndToEnd.Tests.Faults;

/// <summary>
/// Acceptance 20: the agent's machine is suspended for eight hours. The kernel's clock that runs through suspend goes on while its other one
/// stands still: a time namespace makes that so for an agent that had died before, on the same boot.
/// </summary>
public sealed class SuspendTests
{
    [NeedsTheory(Needs.Strace | Needs.TimeNamespaces)]
    [InlineData(CommandNames.KillProcess, CommandStatus.Expired, 0)] // good for 15 minutes
    [InlineData(CommandNames.NetworkIsolate, CommandStatus.Executed, 1)] // for 72 hours
    public async Task What_was_held_through_a_suspend_is_judged_by_the_time_that_has_passed(string command, CommandStatus expected, int effects)
    {
        await using var site = await Site.StartAsync();
        var agent = await site.EnrolAsync("web-01");
        var order = await site.Operator.QueueAsync("web-01", command, AgentCrashTests.ParamsOf(command));
        agent.StartInSteps();
        await AgentJournal.KillAtAsync(agent, order.Uid, Cut.Received);
        // Nobody tells it the time: only its own clock can.
        await site.Hub.StopAsync();

        agent.Start(start => start.Under("unshare", "--time", "--boottime", "28800", "--fork"));

        await Eventually.TrueAsync(() => AgentJournal.Reached(agent, order.Uid) >= (effects > 0 ? Cut.Effect : Cut.Finished), Site.Patience, $"{command} was judged without the hub");
        Assert.Equal(effects, agent.EffectsOf(order.Uid));
        await site.Hub.StartAsync();
        Assert.Equal(expected, (await site.Operator.UntilEndedAsync(order.Id, Site.Patience)).Status);
        // It has signed in, its journal is the same one, and what comes now runs.
        var next = await site.Operator.QueueAsync("web-01", CommandNames.KillProcess, AgentCrashTests.ParamsOf(CommandNames.KillProcess));
        Assert.Equal(CommandStatus.Executed, (await site.Operator.UntilEndedAsync(next.Id, Site.Patience)).Status);
        Assert.Equal((effects, 1), (agent.EffectsOf(order.Uid), agent.EffectsOf(next.Uid)));
        Assert.Equal(1, AgentJournal.Ends(agent, order.Uid));
    }
}
