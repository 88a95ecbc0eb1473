using System.Text.Json.Nodes;
using Voltaxe.Contracts.Commands;
using Voltaxe.Testing;
using Voltaxe.Testing.Wire;

namespace Voltaxe.Hub.Tests.Transports;

/// <summary>A command that reaches an agent twice, for whatever reason, runs once; the second gets the stored result.</summary>
[Collection(nameof(Hubs))]
public sealed class SecondHandOutTests(Hubs hubs)
{
    private readonly string host = Hubs.NewHost();

    public static TheoryData<string> Databases => RunningHub.Databases;

    [Fact]
    public async Task A_copied_message_gets_the_stored_result_again_and_changes_nothing()
    {
        var hub = await hubs.OnAsync("sqlite");
        using var desk = await Desk.OfAsync(hub);
        await using var client = new SyncClient(await hub.EnrolAsync(host));
        var queued = await desk.IsolateAsync(host);
        var reply = await client.PostAsync(client.Agent.NewSync());
        client.Agent.Handle(reply);
        await client.ReportAsync((await client.NextAsync())!, true, "isolated");
        var recorded = (await desk.GetAsync($"/api/v1/commands/{queued.Id}")).ToJsonString();

        for (var copies = 1; copies <= 3; copies++)
        {
            client.Agent.Handle(reply);
            Assert.Null(client.Agent.TakeNext());
            var entry = client.Agent.Find(queued.Uid)!;
            Assert.Equal((copies + 1, true), (entry.HandOuts, entry.MustSend));
            Assert.Contains(queued.Uid.ToString(), (await client.SyncAsync())["recorded"]!.AsArray().Select(r => r!.GetValue<string>()));
            Assert.Equal(recorded, (await desk.GetAsync($"/api/v1/commands/{queued.Id}")).ToJsonString());
        }
    }

    [Fact]
    public async Task A_reply_that_was_lost_is_made_good_at_once_and_runs_once()
    {
        var hub = await hubs.OnAsync("sqlite");
        using var desk = await Desk.OfAsync(hub);
        await using var client = new SyncClient(await hub.EnrolAsync(host));
        var queued = await desk.IsolateAsync(host);
        var lost = await client.PostAsync(client.Agent.NewSync());
        var command = (await client.NextAsync())!;
        Assert.Equal((queued.Id, 2), (command.Id, command.Attempt!.Value));
        client.Agent.Handle(lost); // and then the first one comes after all
        Assert.Null(client.Agent.TakeNext());
        Assert.Equal(Reported.Recorded, await client.ReportAsync(command, true, "isolated"));
        Assert.Equal((CommandStatus.Executed, 2), ((await desk.CommandAsync(queued.Id)).Status, (await desk.CommandAsync(queued.Id)).Attempt));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Push_and_poll_at_once_hand_out_each_attempt_once_and_each_command_runs_once(string database)
    {
        const int Rounds = 25;
        var hub = await hubs.OnAsync(database);
        using var desk = await Desk.OfAsync(hub);
        var agent = await hub.EnrolAsync(host);
        var gate = new Lock();
        var handedOut = new List<(string Uid, int Attempt)>();
        await using var socket = await SignalRSocket.OpenAsync(await SignalRSocket.ClientTo(hub.Url)(await agent.Identity.AccessTokenAsync()), (target, arguments) =>
        {
            Assert.Equal("Execute", target);
            Take([.. arguments[0]!.AsArray().Select(e => e!.AsObject())]);
        });
        await socket.InvokeAsync("Sync", agent.NewSync());
        await using var poll = new SyncClient(agent);
        for (var round = 0; round < Rounds; round++)
        {
            var ordered = round % 2 == 0 ? desk.CollectAsync(host) : desk.KillAsync(host);
            Take([.. (await SyncAsync())["commands"]!.AsArray().Select(e => e!.AsObject())]);
            await ordered;
        }
        var runs = new List<long>();
        await Eventually.TrueAsync(async () =>
        {
            lock (gate)
            {
                while (agent.TakeNext() is { } next)
                {
                    runs.Add(next.Command.Id);
                    agent.Finish(next, "executed", "done");
                }
            }
            var reply = await SyncAsync();
            lock (gate)
            {
                agent.Handle(reply);
                return agent.Journal.Count == Rounds && agent.Journal.All(e => e.Recorded);
            }
        });
        Assert.Equal(Rounds, runs.Distinct().Count());
        Assert.Equal(Rounds, runs.Count);
        lock (gate)
            Assert.Equal(handedOut.Count, handedOut.Distinct().Count());
        var all = (await desk.GetAsync($"/api/v1/commands?host={host}&limit=200"))["items"]!.AsArray();
        Assert.All(all, c => Assert.Equal("executed", c!["status"]!.GetValue<string>()));

        async Task<JsonObject> SyncAsync()
        {
            JsonObject request;
            lock (gate)
                request = agent.NewSync();
            return await poll.PostAsync(request);
        }

        void Take(JsonObject[] envelopes)
        {
            lock (gate)
            {
                handedOut.AddRange(envelopes.Select(e => (e["uid"]!.GetValue<string>(), e["attempt"]!.GetValue<int>())));
                agent.HandleEnvelopes(envelopes);
            }
        }
    }

    [Fact]
    public async Task What_a_hub_does_not_know_in_a_sync_it_ignores_and_what_is_missing_is_empty()
    {
        var hub = await hubs.OnAsync("sqlite");
        await using var client = new SyncClient(await hub.EnrolAsync(host));
        var request = JsonNode.Parse("""{"epoch":"e1","instance":"i1","n":1,"position":0,"later":{"a":[1]},"info":{"os":"linux","cores":8},"holding":null,"results":null,"wait_seconds":0}""")!.AsObject();
        Assert.Empty((await client.PostAsync(request))["commands"]!.AsArray());
        Assert.Equal("linux", (await (await Desk.OfAsync(hub)).GetAsync($"/api/v1/agents/{host}"))["os"]!.GetValue<string>());
    }
}
