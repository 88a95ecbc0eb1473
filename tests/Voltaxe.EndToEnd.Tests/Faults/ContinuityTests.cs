using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Operators;
using Voltaxe.EndToEnd.Tests.Product;
using Voltaxe.Testing;

namespace Voltaxe.EndToEnd.Tests.Faults;

/// <summary>Acceptance 31: a journal that is gone, copied or from yesterday. Nothing is done twice, and somebody is told.</summary>
public sealed class ContinuityTests
{
    [NeedsFact(Needs.Strace)]
    public async Task When_the_journal_is_deleted_what_was_under_way_is_unknown_and_new_orders_run()
    {
        await using var site = await Site.StartAsync();
        var agent = await site.StartAgentAsync("web-01");
        var done = await site.Operator.QueueAsync("web-01", CommandNames.NetworkIsolate);
        await site.Operator.UntilAsync(done.Id, Site.Patience, CommandStatus.Executed);
        await agent.StopAsync();
        var lost = await site.Operator.QueueAsync("web-01", CommandNames.KillProcess, AgentCrashTests.ParamsOf(CommandNames.KillProcess));
        agent.StartInSteps();
        // The effect was had, and nobody was told.
        await AgentJournal.KillAtAsync(agent, lost.Uid, Cut.Effect);

        File.Delete(Path.Combine(agent.StateFolder, "journal"));
        agent.Start();

        var end = await site.Operator.UntilEndedAsync(lost.Id, Site.Patience);
        Assert.Equal((CommandStatus.Unknown, "journal_lost"), (end.Status, end.UnknownWhy is { } why ? Words.Of(why) : null));
        Assert.Equal(1, agent.EffectsOf(lost.Uid));
        var next = await site.Operator.QueueAsync("web-01", CommandNames.NetworkRestore);
        await site.Operator.UntilAsync(next.Id, Site.Patience, CommandStatus.Executed);
        Assert.Equal((1, 1, 1), (agent.EffectsOf(done.Uid), agent.EffectsOf(lost.Uid), agent.EffectsOf(next.Uid)));
        Assert.Equal(CommandStatus.Executed, (await site.Operator.CommandAsync(done.Id)).Status);
    }

    [NeedsFact(Needs.Linux)]
    public async Task When_state_is_copied_to_a_second_machine_the_agent_is_held_and_shown()
    {
        await using var site = await Site.StartAsync();
        var agent = await site.StartAgentAsync("web-01");
        await site.Operator.UntilAsync((await site.Operator.QueueAsync("web-01", CommandNames.NetworkIsolate)).Id, Site.Patience, CommandStatus.Executed);
        await agent.StopAsync();
        var twin = site.Twin(agent, "twin");
        Copy(agent.StateFolder, twin.StateFolder);
        agent.Start();
        await site.LiveAsync("web-01");

        twin.Start();

        await HeldAsync(site);
        var order = await site.Operator.QueueAsync("web-01", CommandNames.NetworkRestore);
        await NeverHandedOutAsync(site, order, () => agent.EffectsOf(order.Uid) + twin.EffectsOf(order.Uid));
    }

    [NeedsFact(Needs.Linux)]
    public async Task When_the_machine_is_rolled_back_to_a_snapshot_the_agent_is_held_and_nothing_runs_again()
    {
        await using var site = await Site.StartAsync();
        var agent = await site.StartAgentAsync("web-01");
        await site.Operator.UntilAsync((await site.Operator.QueueAsync("web-01", CommandNames.NetworkIsolate)).Id, Site.Patience, CommandStatus.Executed);
        await agent.StopAsync();
        var rolledBack = site.Twin(agent, "snapshot");
        Copy(agent.StateFolder, rolledBack.StateFolder);
        agent.Start();
        var since = await site.Operator.QueueAsync("web-01", CommandNames.NetworkRestore);
        await site.Operator.UntilAsync(since.Id, Site.Patience, CommandStatus.Executed);
        await agent.KillAsync();

        rolledBack.Start();

        await HeldAsync(site);
        var order = await site.Operator.QueueAsync("web-01", CommandNames.NetworkIsolate);
        await NeverHandedOutAsync(site, order, () => rolledBack.EffectsOf(order.Uid) + rolledBack.EffectsOf(since.Uid));
    }

    private static Task HeldAsync(Site site) => Eventually.TrueAsync(
        async () => (await site.Operator.AgentAsync("web-01")).Degraded?.Contains("clone_suspected", StringComparison.Ordinal) == true, Site.Patience, "the hub suspects a clone");

    /// <summary>Also after the hub has heard from the agent again, it waits.</summary>
    private static async Task NeverHandedOutAsync(Site site, CommandView order, Func<int> effects)
    {
        await Eventually.TrueAsync(async () => (await site.Operator.AgentAsync("web-01")).LastSeen > order.CreatedAt, Site.Patience, "the hub heard from the agent again");
        Assert.Equal(CommandStatus.Pending, (await site.Operator.CommandAsync(order.Id)).Status);
        Assert.Equal(0, effects());
    }

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.GetFiles(from))
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
    }
}
