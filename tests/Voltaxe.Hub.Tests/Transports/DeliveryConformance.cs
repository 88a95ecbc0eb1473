using System.Text.Json.Nodes;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.Testing;
using Voltaxe.Testing.Wire;

namespace Voltaxe.Hub.Tests.Transports;

[Collection(nameof(Hubs))]
public sealed class SignalRDeliveryTests(Hubs hubs) : DeliveryConformance(hubs, "signalr", "sqlite");

[Collection(nameof(Hubs))]
public sealed class SyncDeliveryTests(Hubs hubs) : DeliveryConformance(hubs, "sync", "sqlite");

[Collection(nameof(Hubs))]
public sealed class SeedDeliveryTests(Hubs hubs) : DeliveryConformance(hubs, "seed", "sqlite");

/// <summary>The same promises on PostgreSQL; each fact needs its server programs.</summary>
[Collection(nameof(Hubs))]
public sealed class PostgresDeliveryTests(Hubs hubs)
{
    public static TheoryData<string, string> Facts
    {
        get
        {
            var facts = new TheoryData<string, string>();
            foreach (var fact in typeof(DeliveryConformance).GetMethods().Where(m => m.IsDefined(typeof(FactAttribute), false)))
                foreach (var channel in new[] { "signalr", "sync", "seed" })
                    facts.Add(channel, fact.Name);
            return facts;
        }
    }

    [NeedsTheory(Needs.Postgres)]
    [MemberData(nameof(Facts))]
    public Task Holds_on_postgresql(string channel, string fact) => (Task)typeof(DeliveryConformance).GetMethod(fact)!.Invoke(new OnPostgres(hubs, channel), null)!;

    private sealed class OnPostgres(Hubs hubs, string channel) : DeliveryConformance(hubs, channel, "postgres");
}

/// <summary>What delivery promises, whatever carries it. Real requests over real sockets; the agent's side shares no code with the product.</summary>
public abstract class DeliveryConformance(Hubs hubs, string channel, string database)
{
    /// <summary>Long enough for what would come at once if it came.</summary>
    private static readonly TimeSpan AWhile = TimeSpan.FromMilliseconds(300);

    private readonly string host = Hubs.NewHost();

    [Fact]
    public async Task What_was_queued_while_the_agent_was_away_is_executed_once_when_it_comes()
    {
        var hub = await hubs.OnAsync(database);
        using var desk = await Desk.OfAsync(hub);
        await using var client = await hub.DeliveryClientAsync(channel, host);
        await client.ConnectAsync();
        await hub.LeaveAsync(client);
        var queued = await desk.OrderAsync(host.ToUpperInvariant(), "network_isolate", new { duration_seconds = 600 });
        Assert.Equal((CommandStatus.Pending, 0, null), (queued.Status, queued.Attempt, queued.Channel));

        await client.ConnectAsync();
        var command = await client.NextAsync();
        Assert.Equal((queued.Id, "network_isolate", 600), (command!.Id, command.Command, command.Params["duration_seconds"]!.GetValue<int>()));
        Assert.Equal(CommandStatus.Delivered, (await desk.CommandAsync(queued.Id)).Status);
        Assert.Equal(Reported.Recorded, await client.ReportAsync(command, true, "isolated"));

        Assert.Equal((CommandStatus.Executed, 1), await StateAsync(desk, queued.Id));
        await hub.LeaveAsync(client);
        await client.ConnectAsync();
        Assert.Null(await client.NextAsync(AWhile));
        Assert.Equal([queued.Id], client.HandedOut);
    }

    [Fact]
    public async Task What_is_queued_while_the_agent_is_there_comes_by_itself()
    {
        var hub = await hubs.OnAsync(database);
        using var desk = await Desk.OfAsync(hub);
        await using var client = await hub.DeliveryClientAsync(channel, host);
        await client.ConnectAsync();
        var queued = await desk.CollectAsync(host);
        var command = await client.NextAsync();
        Assert.Equal(queued.Id, command!.Id);
        var view = await desk.CommandAsync(queued.Id);
        Assert.Equal((CommandStatus.Delivered, channel == "signalr" ? Channel.Push : Channel.Poll), (view.Status, view.Channel));
        Assert.Equal(client.KeepsJournal && channel == "signalr", view.ReceivedAt is not null); // told at once on a socket, with the next poll elsewhere
        Assert.Equal(Reported.Recorded, await client.ReportAsync(command, true, "collected"));
    }

    [Fact]
    public async Task The_most_urgent_comes_first_and_each_lane_in_order()
    {
        var hub = await hubs.OnAsync(database);
        using var desk = await Desk.OfAsync(hub);
        await using var client = await hub.DeliveryClientAsync(channel, host);
        var first = await desk.CollectAsync(host);
        var kill = await desk.KillAsync(host);
        var second = await desk.CollectAsync(host, priority: 9);
        var isolate = await desk.IsolateAsync(host);
        await client.ConnectAsync();
        for (var i = 0; i < 4; i++)
            Assert.Equal(Reported.Recorded, await client.ReportAsync((await client.NextAsync())!, true, "done"));
        // The seed's agents know no lanes: theirs is priority, highest first.
        Assert.Equal(client.KeepsJournal ? [isolate.Id, kill.Id, first.Id, second.Id] : [isolate.Id, second.Id, kill.Id, first.Id], client.HandedOut);
    }

    [Fact]
    public async Task A_result_is_shown_in_the_agents_words_with_its_stamps()
    {
        var hub = await hubs.OnAsync(database);
        using var desk = await Desk.OfAsync(hub);
        await using var client = await hub.DeliveryClientAsync(channel, host);
        var queued = await desk.KillAsync(host);
        await client.ConnectAsync();
        await client.ReportAsync((await client.NextAsync())!, false, "not permitted: <b>\u0007", new JsonObject { ["errno"] = 1, ["text"] = "\0 ü 🧯" });
        var view = await desk.CommandAsync(queued.Id);
        Assert.Equal((CommandStatus.Failed, false, "not permitted: <b>\u0007"), (view.Status, view.Result!.Success, view.Result.Message));
        Assert.Equal("\0 ü 🧯", view.Result.Data!.Value.GetProperty("text").GetString());
        Assert.True(view.CreatedAt <= view.DeliveredAt && view.DeliveredAt <= view.ReceivedAt && view.ReceivedAt <= view.FinishedAt);
        Assert.True(view.DeliveredAt <= view.StartedAt && view.StartedAt <= view.ExecutedAt && view.ExecutedAt <= view.FinishedAt);
    }

    [Fact]
    public async Task A_repeated_result_gets_the_same_answer_and_a_contradiction_changes_nothing()
    {
        var hub = await hubs.OnAsync(database);
        using var desk = await Desk.OfAsync(hub);
        await using var client = await hub.DeliveryClientAsync(channel, host);
        var queued = await desk.IsolateAsync(host);
        await client.ConnectAsync();
        var command = (await client.NextAsync())!;
        Assert.Equal(Reported.Recorded, await client.ReportAsync(command, true, "isolated", new JsonObject { ["rules"] = 7 }));
        var recorded = await desk.CommandAsync(queued.Id);
        for (var i = 0; i < 3; i++)
            Assert.Equal(Reported.Recorded, await client.ReportAgainAsync(command));
        Assert.Equal(Reported.Conflict, await ContradictAsync(client, command));
        var after = await desk.CommandAsync(queued.Id);
        Assert.Equal((recorded.Status, recorded.FinishedAt, recorded.Result!.Message), (after.Status, after.FinishedAt, after.Result!.Message));
        Assert.Single(await hub.AuditAsync(), line => line.Contains("result_conflict", StringComparison.Ordinal) && line.Contains($"command:{queued.Id} ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Cancelled_before_hand_out_it_is_never_handed_out()
    {
        var hub = await hubs.OnAsync(database);
        using var desk = await Desk.OfAsync(hub);
        await using var client = await hub.DeliveryClientAsync(channel, host);
        var queued = await desk.IsolateAsync(host);
        var cancelled = await desk.CancelAsync(queued.Id);
        Assert.Equal(CommandStatus.Cancelled, cancelled.Status);
        Assert.NotNull(cancelled.CancelRequestedAt);
        await client.ConnectAsync();
        Assert.Null(await client.NextAsync(AWhile));
        Assert.Empty(client.HandedOut);
    }

    [Fact]
    public async Task Cancelled_after_hand_out_it_ends_as_the_agent_says()
    {
        var hub = await hubs.OnAsync(database);
        using var desk = await Desk.OfAsync(hub);
        await using var client = await hub.DeliveryClientAsync(channel, host);
        await client.ConnectAsync();
        var (kept, withdrawn) = (await desk.CollectAsync(host), await desk.KillAsync(host));
        var commands = new[] { (await client.NextAsync())!, (await client.NextAsync())! }.ToDictionary(c => c.Id);
        // One has begun when it is asked to end; the other has not.
        if (client.KeepsJournal)
            AgentOf(client).Start(AgentOf(client).Find(commands[kept.Id].Uid!.Value)!);
        foreach (var id in new[] { kept.Id, withdrawn.Id })
        {
            var asked = await desk.CancelAsync(id);
            Assert.Equal(CommandStatus.Delivered, asked.Status);
            Assert.NotNull(asked.CancelRequestedAt);
            Assert.Equal(asked.CancelRequestedAt, (await desk.CancelAsync(id)).CancelRequestedAt);
        }
        if (client.KeepsJournal)
        {
            await Eventually.TrueAsync(async () =>
            {
                await SyncAsync(client);
                return (await desk.CommandAsync(withdrawn.Id)).Status == CommandStatus.Cancelled;
            });
        }
        else
        {
            // A seed's agent is never asked; what it did, it did.
            Assert.Equal(Reported.Recorded, await client.ReportAsync(commands[withdrawn.Id], true, "killed"));
            Assert.Equal(CommandStatus.Executed, (await desk.CommandAsync(withdrawn.Id)).Status);
        }
        Assert.Equal(Reported.Recorded, await client.ReportAsync(commands[kept.Id], true, "collected"));
        Assert.Equal(CommandStatus.Executed, (await desk.CommandAsync(kept.Id)).Status);
    }

    [Fact]
    public async Task A_report_for_another_agents_command_or_for_none_changes_nothing()
    {
        var hub = await hubs.OnAsync(database);
        using var desk = await Desk.OfAsync(hub);
        await using var mine = await hub.DeliveryClientAsync(channel, host);
        await using var liar = await hub.DeliveryClientAsync(channel, host + "-liar");
        var queued = await desk.IsolateAsync(host);
        await mine.ConnectAsync();
        await liar.ConnectAsync();
        var command = (await mine.NextAsync())!;
        var before = await desk.GetAsync($"/api/v1/commands/{queued.Id}");
        Assert.Equal(Reported.UnknownUid, await LieAsync(liar, queued.Id, queued.Uid));
        Assert.Equal(Reported.UnknownUid, await LieAsync(liar, 1L << 50, Guid.CreateVersion7()));
        Assert.Equal(before.ToJsonString(), (await desk.GetAsync($"/api/v1/commands/{queued.Id}")).ToJsonString());
        Assert.Contains(await hub.AuditAsync(), line => line.Contains("result_of_another_agent", StringComparison.Ordinal)
            && (line.Contains(queued.Uid.ToString(), StringComparison.Ordinal) || line.Contains($"command:{queued.Id} ", StringComparison.Ordinal)));
        Assert.Equal(Reported.Recorded, await mine.ReportAsync(command, true, "isolated"));
    }

    [Fact]
    public async Task A_hub_that_stops_in_the_middle_loses_nothing_and_repeats_nothing()
    {
        await using var before = await RunningHub.StartAsync(database);
        using var desk = await Desk.OfAsync(before);
        await using var client = await before.DeliveryClientAsync(channel, host);
        await client.ConnectAsync();
        var done = await desk.CollectAsync(host);
        await client.ReportAsync((await client.NextAsync())!, true, "done");
        var held = await desk.KillAsync(host);
        var holding = (await client.NextAsync())!;
        if (client is SyncClient sync)
            await sync.SyncAsync(); // "received" travels with the next sync
        await before.LeaveAsync(client);
        var waiting = await desk.IsolateAsync(host);

        await using var after = await before.RestartAsync();
        await client.ConnectAsync();
        var next = (await client.NextAsync())!;
        Assert.Equal(waiting.Id, next.Id);
        Assert.Equal(Reported.Recorded, await client.ReportAsync(next, true, "isolated"));
        Assert.Equal(Reported.Recorded, await client.ReportAsync(holding, true, "killed"));
        Assert.Null(await client.NextAsync(AWhile));
        foreach (var command in new[] { done, held, waiting })
            Assert.Equal((CommandStatus.Executed, 1), await StateAsync(desk, command.Id));
        Assert.Equal([done.Id, held.Id, waiting.Id], client.HandedOut);
        Assert.True((await desk.CollectAsync(host)).Id > waiting.Id);
    }

    private static async Task<(CommandStatus, int)> StateAsync(Desk desk, long id)
    {
        var view = await desk.CommandAsync(id);
        return (view.Status, view.Attempt);
    }

    private static WireAgent AgentOf(IDeliveryClient client) => client is SocketClient socket ? socket.Agent : ((SyncClient)client).Agent;

    private static Task SyncAsync(IDeliveryClient client) => client is SocketClient socket ? socket.SyncAsync() : ((SyncClient)client).SyncAsync();

    /// <summary>Reports a success that is not this agent's to report.</summary>
    private static async Task<Reported> LieAsync(IDeliveryClient client, long id, Guid uid)
    {
        if (client is SeedAgent seed)
            return await seed.ReportAsync(new DeliveredCommand(id, null, null, "network_isolate", []), true, "done");
        var request = AgentOf(client).NewSync();
        request["results"] = new JsonArray(new JsonObject { ["uid"] = uid.ToString(), ["attempt"] = 1, ["outcome"] = "executed", ["message"] = "done" });
        var reply = client is SocketClient socket ? (await socket.Socket.InvokeAsync("Sync", request))!.AsObject() : await ((SyncClient)client).PostAsync(request);
        Assert.Empty(reply["recorded"]!.AsArray());
        var drop = Assert.Single(reply["drop"]!.AsArray())!;
        Assert.Equal((uid.ToString(), "unknown_uid"), (drop["uid"]!.GetValue<string>(), drop["why"]!.GetValue<string>()));
        return Reported.UnknownUid;
    }

    /// <summary>Says the opposite of what was said before.</summary>
    private static async Task<Reported> ContradictAsync(IDeliveryClient client, DeliveredCommand command)
    {
        if (!client.KeepsJournal)
            return await client.ReportAsync(command, false, "no, it failed");
        AgentOf(client).Find(command.Uid!.Value)!.Result!["outcome"] = "failed";
        return await client.ReportAgainAsync(command);
    }
}
