using Voltaxe.Contracts.Commands;
using Voltaxe.EndToEnd.Tests.Product;
using Voltaxe.Testing;
using Voltaxe.Testing.Processes;

namespace Voltaxe.EndToEnd.Tests.Faults;

/// <summary>
/// Acceptance 1–3: the agent's process is SIGKILLed at every step that its journal knows. "Once" is judged by the effects that the dry
/// run leaves outside the journal.
/// </summary>
public sealed class AgentCrashTests
{
    private static readonly string[] EveryCommand = [CommandNames.NetworkIsolate, CommandNames.NetworkRestore, CommandNames.KillProcess, CommandNames.CollectForensics];

    [NeedsFact(Needs.Strace)]
    public async Task Wherever_the_agent_is_killed_each_command_is_carried_out_once_and_reported_once()
    {
        await using var site = await Site.StartAsync();
        await Task.WhenAll(EveryCommand.Select(command => KilledEverywhereAsync(site, command)));
    }

    private static async Task KilledEverywhereAsync(Site site, string command)
    {
        var host = command.Replace('_', '-');
        var agent = await site.EnrolAsync(host);
        var changes = command != CommandNames.CollectForensics;
        foreach (var cut in Enum.GetValues<Cut>().Where(c => changes || c != Cut.Effect))
        {
            // Queued while the agent is away: that it comes at all is part of the promise.
            var order = await site.Operator.QueueAsync(host, command, ParamsOf(command));
            agent.StartInSteps();
            await AgentJournal.KillAtAsync(agent, order.Uid, cut);
            Assert.Equal(changes && cut >= Cut.Effect ? 1 : 0, agent.EffectsOf(order.Uid));

            agent.Start();
            var end = await site.Operator.UntilEndedAsync(order.Id, Site.Patience);

            Assert.True(end.Status == CommandStatus.Executed, $"{command} killed at {cut} ended {end.Status}: {end.Result}");
            Assert.Equal(changes ? 1 : 0, agent.EffectsOf(order.Uid));
            Assert.Equal(command == CommandNames.KillProcess && cut == Cut.Effect, end.Result?.Data is { } data && data.TryGetProperty("already_gone", out _));
            await agent.StopAsync();
        }
        Assert.Equal(changes ? 6 : 0, agent.Effects().Count);
    }

    [NeedsFact(Needs.Strace)]
    public async Task A_command_that_kills_its_agent_three_times_is_unknown_and_the_next_one_runs()
    {
        await using var site = await Site.StartAsync();
        var agent = await site.EnrolAsync("web-01");
        var order = await site.Operator.QueueAsync("web-01", CommandNames.KillProcess, ParamsOf(CommandNames.KillProcess));
        agent.StartInSteps();
        await AgentJournal.KillAtAsync(agent, order.Uid, Cut.Started);
        for (var crash = 2; crash <= 3; crash++)
        {
            var started = AgentJournal.Starts(agent, order.Uid);
            agent.StartInSteps();
            await agent.KillWhenAsync(() => AgentJournal.Starts(agent, order.Uid) > started, $"start {crash} is on the disk");
        }
        var next = await site.Operator.QueueAsync("web-01", CommandNames.KillProcess, ParamsOf(CommandNames.KillProcess));
        agent.Start();

        var end = await site.Operator.UntilEndedAsync(order.Id, Site.Patience);
        Assert.Equal((CommandStatus.Unknown, "agent_crash"), (end.Status, end.UnknownWhy is { } why ? Contracts.Json.Words.Of(why) : null));
        Assert.Equal(0, agent.EffectsOf(order.Uid));
        await site.Operator.UntilAsync(next.Id, Site.Patience, CommandStatus.Executed);
        Assert.Equal(1, agent.EffectsOf(next.Uid));
    }

    [NeedsFact(Needs.Strace)]
    public async Task A_command_on_which_the_agent_dies_three_times_before_it_is_understood_is_rejected()
    {
        await using var site = await Site.StartAsync();
        var agent = await site.EnrolAsync("web-01");
        var order = await site.Operator.QueueAsync("web-01", CommandNames.NetworkIsolate);
        for (var crash = 1; crash <= 3; crash++)
        {
            var seen = AgentJournal.Sightings(agent, order.Uid);
            agent.StartInSteps();
            await agent.KillWhenAsync(() => AgentJournal.Sightings(agent, order.Uid) > seen, $"sighting {crash} is on the disk");
        }
        agent.Start();

        var end = await site.Operator.UntilEndedAsync(order.Id, Site.Patience);
        Assert.Equal(CommandStatus.Rejected, end.Status);
        Assert.Contains("poison", end.Result?.Message, StringComparison.Ordinal);
        var next = await site.Operator.QueueAsync("web-01", CommandNames.NetworkIsolate);
        await site.Operator.UntilAsync(next.Id, Site.Patience, CommandStatus.Executed);
        Assert.Equal((0, 1), (agent.EffectsOf(order.Uid), agent.EffectsOf(next.Uid)));
    }

    internal static object? ParamsOf(string command) => command switch
    {
        CommandNames.KillProcess => new { pid = 4_000_000, name = "nobody" },
        CommandNames.CollectForensics => new { collect = new[] { "mounts" } },
        _ => null,
    };
}
