using System.Text.Json.Nodes;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.EndToEnd.Tests.Product;
using Voltaxe.Testing;
using Voltaxe.Testing.Wire;

namespace Voltaxe.EndToEnd.Tests.Faults;

/// <summary>Agents, hubs and answers that are not there when they are wanted.</summary>
public sealed class AwayTests
{
    [NeedsTheory(Needs.Linux)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_queued_while_the_agent_is_away_runs_once_when_it_comes(bool socket)
    {
        await using var site = await Site.StartAsync();
        await using var line = await LossyLine.ToAsync(site.Hub.Url);
        var agent = await site.EnrolAsync("web-01", through: socket ? null : line.Url);
        var order = await site.Operator.QueueAsync("web-01", CommandNames.NetworkIsolate);
        Assert.Equal(CommandStatus.Pending, order.Status);

        agent.Start();

        var end = await site.Operator.UntilEndedAsync(order.Id, Site.Patience);
        Assert.Equal(CommandStatus.Executed, end.Status);
        Assert.Equal(1, agent.EffectsOf(order.Uid));
        if (!socket)
            Assert.Equal(Channel.Poll, end.Channel);
        Assert.Equal(!socket, line.SocketsRefused > 0);

        var next = await site.Operator.QueueAsync("web-01", CommandNames.NetworkRestore);
        Assert.Equal(CommandStatus.Executed, (await site.Operator.UntilEndedAsync(next.Id, Site.Patience)).Status);
        Assert.Equal(2, agent.Effects().Count);
        Assert.Equal(socket ? Presence.Live : Presence.Polling, (await site.Operator.AgentAsync("web-01")).Presence);
    }

    [NeedsFact(Needs.Linux)]
    public async Task A_polling_agent_whose_answer_is_lost_twenty_times_says_its_result_until_it_is_heard()
    {
        await using var site = await Site.StartAsync();
        await using var line = await LossyLine.ToAsync(site.Hub.Url);
        var agent = await site.EnrolAsync("web-01", through: line.Url);
        line.Loses = request => request["results"] is JsonArray { Count: > 0 } && line.Lost.Count < 20;
        var order = await site.Operator.QueueAsync("web-01", CommandNames.KillProcess, AgentCrashTests.ParamsOf(CommandNames.KillProcess));

        agent.Start();
        // Three times it comes back by itself; as it waits longer each time, it is then killed and started anew instead.
        for (var lost = 3; lost < 20; lost++)
        {
            await Eventually.TrueAsync(() => line.Lost.Count >= lost, Site.Patience, $"answer {lost} is lost");
            await agent.KillAsync();
            agent.Start();
        }
        await Eventually.TrueAsync(() => AgentJournal.Reached(agent, order.Uid) == Cut.Told, Site.Patience, "the agent has heard that its result is recorded");

        Assert.Equal(20, line.Lost.Count);
        Assert.All(line.Lost, l => Assert.Contains(order.Uid.ToString(), l.Reply["recorded"]!.AsArray().Select(id => id!.GetValue<string>())));
        var end = await site.Operator.CommandAsync(order.Id);
        Assert.Equal((CommandStatus.Executed, 1), (end.Status, end.Attempt));
        Assert.Equal(1, agent.EffectsOf(order.Uid));
    }

    [NeedsFact(Needs.Linux)]
    public async Task A_result_said_twenty_times_is_one_result_and_each_repeat_is_recorded()
    {
        await using var site = await Site.StartAsync();
        var agent = await site.EnrolWireAsync("web-01");
        await using var client = new SyncClient(agent);
        await client.ConnectAsync();
        var order = await site.Operator.QueueAsync("web-01", CommandNames.NetworkIsolate);
        var command = (await client.NextAsync(Site.Patience))!;
        agent.Finish(agent.Find(command.Uid!.Value)!, "executed", "the first");

        CommandView? first = null;
        for (var repeat = 1; repeat <= 20; repeat++)
        {
            var reply = await client.PostAsync(agent.NewSync());
            Assert.Contains(order.Uid.ToString(), reply["recorded"]!.AsArray().Select(id => id!.GetValue<string>()));
            Assert.Empty(reply["drop"]!.AsArray());
            Assert.Empty(reply["commands"]!.AsArray());
            var now = await site.Operator.CommandAsync(order.Id);
            first ??= now;
            Assert.Equal((CommandStatus.Executed, first.FinishedAt, first.ExecutedAt), (now.Status, now.FinishedAt, now.ExecutedAt));
        }
        Assert.Equal(20, agent.N - 2);
    }

    [NeedsFact(Needs.Linux)]
    public async Task While_the_hub_is_away_results_and_commands_pile_up_and_then_all_end_in_order()
    {
        await using var site = await Site.StartAsync();
        var here = await site.StartAgentAsync("here");
        var later = await site.StartAgentAsync("later");
        later.Process.Freeze();
        var waiting = new List<CommandView>();
        foreach (var kind in (string[])[CommandNames.NetworkIsolate, CommandNames.KillProcess, CommandNames.NetworkRestore, CommandNames.KillProcess, CommandNames.NetworkIsolate, CommandNames.KillProcess])
            waiting.Add(await site.Operator.QueueAsync("later", kind, AgentCrashTests.ParamsOf(kind)));
        // Commands are under way on one agent when the hub dies; their results have nowhere to go.
        here.Process.Freeze();
        var running = new List<CommandView>();
        for (var i = 0; i < 12; i++)
            running.Add(await site.Operator.QueueAsync("here", CommandNames.KillProcess, AgentCrashTests.ParamsOf(CommandNames.KillProcess)));
        foreach (var order in running)
            await site.Operator.UntilAsync(order.Id, Site.Patience, CommandStatus.Delivered);
        // An order is delivered when it is claimed, a moment before it is sent; the next one is claimed only when those before have been sent.
        var last = await site.Operator.QueueAsync("here", CommandNames.KillProcess, AgentCrashTests.ParamsOf(CommandNames.KillProcess));
        await site.Operator.UntilAsync(last.Id, Site.Patience, CommandStatus.Delivered);
        await site.Hub.KillAsync();
        here.Process.Thaw();
        await Eventually.TrueAsync(() => here.Effects().Count >= running.Count, Site.Patience, "everything that was sent ran while the hub was away");
        Assert.Equal(running.Select(o => o.Uid), Uids(here).Take(running.Count));
        running.Add(last);

        await site.Hub.StartAsync();
        later.Process.Thaw();

        foreach (var order in running.Concat(waiting))
        {
            var end = await site.Operator.UntilEndedAsync(order.Id, Site.Patience);
            Assert.True(end.Status is CommandStatus.Executed or CommandStatus.Superseded, $"{order.Command} on {order.Host} ended {end.Status}");
        }
        Assert.Equal(running.Select(o => o.Uid), Uids(here));
        Assert.Equal(waiting.Where(o => o.Command == CommandNames.KillProcess).Select(o => o.Uid), Uids(later).Where(u => waiting.Single(o => o.Uid == u).Command == CommandNames.KillProcess));
        // Of the network lane the last intent counts; none of the older ones may come after it.
        Assert.Equal(waiting[4].Uid, Uids(later).Last(u => CommandNames.IsNetwork(waiting.Single(o => o.Uid == u).Command)));
        Assert.Equal(Uids(later).Count(), Uids(later).Distinct().Count());
        Assert.Equal(CommandStatus.Executed, (await site.Operator.CommandAsync(waiting[4].Id)).Status);
    }

    private static IEnumerable<Guid> Uids(AgentProcess agent) => agent.Effects().Select(line => Guid.Parse(line.Split(' ')[1]));
}
