using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Voltaxe.Contracts.Commands;
using Voltaxe.Hub.Delivery;
using Voltaxe.Testing;
using Voltaxe.Testing.Wire;

namespace Voltaxe.Hub.Tests.Transports;

/// <summary>The seed's surface, walked as its own scripts walk it, with plain requests.</summary>
[Collection(nameof(Hubs))]
public sealed class SeedRoutesTests(Hubs hubs)
{
    private readonly string host = Hubs.NewHost();

    public static TheoryData<string> Databases => RunningHub.Databases;

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Isolate_poll_result_executed(string database)
    {
        var hub = await hubs.OnAsync(database);
        using var desk = await Desk.OfAsync(hub);
        using var sentinel = hub.Client((await hub.LegacyAgentAsync(host)).Token);
        Assert.Null((await TelemetryOf(desk))["isolated"]);
        Assert.Null((await TelemetryOf(desk))["last_seen"]);

        var isolate = desk.PostAsync("/api/isolate", new JsonObject { ["hostname"] = host, ["username"] = "sam", ["reason"] = "Malware detected" });
        JsonObject[] commands = [];
        await Eventually.TrueAsync(async () => (commands = [.. (await GetAsync(sentinel, $"/command/poll?host={host}"))["commands"]!.AsArray().Select(c => c!.AsObject())]).Length > 0);
        var command = Assert.Single(commands);
        Assert.Equal(["id", "command", "params", "priority", "created_at"], command.Select(p => p.Key));
        Assert.Equal(("network_isolate", 10), (command["command"]!.GetValue<string>(), command["priority"]!.GetValue<int>()));
        var (id, parameters) = (command["id"]!.GetValue<long>(), command["params"]!);
        Assert.Equal((host, "Malware detected", command["created_at"]!.GetValue<string>()),
            (parameters["hostname"]!.GetValue<string>(), parameters["reason"]!.GetValue<string>(), parameters["timestamp"]!.GetValue<string>()));

        var report = new JsonObject { ["command_id"] = id, ["success"] = true, ["message"] = "Network isolated", ["data"] = new JsonObject { ["isolated"] = true } };
        var recorded = await PostAsync(sentinel, "/command/result", report, 200);
        Assert.Equal(("recorded", id, "executed"), (recorded["status"]!.GetValue<string>(), recorded["command"]!["id"]!.GetValue<long>(), recorded["command"]!["status"]!.GetValue<string>()));

        using var isolated = await isolate.Within();
        var answer = JsonNode.Parse(await Desk.AnswerOf(isolated, 200))!;
        Assert.Equal(("isolated", "polling", id), (answer["status"]!.GetValue<string>(), answer["method"]!.GetValue<string>(), answer["command_id"]!.GetValue<long>()));
        var view = await desk.CommandAsync(id);
        Assert.StartsWith("admin-", view.CreatedBy, StringComparison.Ordinal); // who acts comes from the credential
        Assert.Equal(view.CreatedBy, parameters["initiated_by"]!.GetValue<string>());
        Assert.True((await TelemetryOf(desk))["isolated"]!.GetValue<bool>());
    }

    [Fact]
    public async Task A_push_agents_isolation_says_so_and_reasons_have_their_defaults()
    {
        var hub = await hubs.OnAsync("sqlite");
        using var desk = await Desk.OfAsync(hub);
        await using var client = hub.Socket(await hub.EnrolAsync(host));
        await client.ConnectAsync();
        foreach (var (path, done, reason) in new[] { ("/api/isolate", "isolated", "Manual isolation"), ("/api/restore", "restored", "Manual restore") })
        {
            var asked = desk.PostAsync(path, new JsonObject { ["hostname"] = host.ToUpperInvariant() });
            await client.ReportAsync((await client.NextAsync())!, true, "done");
            using var response = await asked.Within();
            var answer = JsonNode.Parse(await Desk.AnswerOf(response, 200))!;
            Assert.Equal((done, "push"), (answer["status"]!.GetValue<string>(), answer["method"]!.GetValue<string>()));
            Assert.Equal(reason, (await desk.CommandAsync(answer["command_id"]!.GetValue<long>())).Reason);
        }
    }

    [Fact]
    public async Task What_is_not_done_in_five_seconds_is_queued_and_what_ended_otherwise_has_its_word()
    {
        var clock = new ManualClock(TimeProvider.System.GetUtcNow());
        await using var hub = await RunningHub.StartAsync(clock: clock);
        using var desk = await Desk.OfAsync(hub);
        await hub.LegacyAgentAsync(host);
        var asked = desk.PostAsync("/api/isolate", new JsonObject { ["hostname"] = host });
        await Eventually.TrueAsync(() =>
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            return asked.IsCompleted;
        });
        using var first = await asked;
        var queued = JsonNode.Parse(await Desk.AnswerOf(first, 202))!;
        Assert.Equal(("queued", "polling"), (queued["status"]!.GetValue<string>(), queued["method"]!.GetValue<string>()));
        Assert.Equal(CommandStatus.Pending, (await desk.CommandAsync(queued["command_id"]!.GetValue<long>())).Status);

        var ended = desk.PostAsync("/api/restore", new JsonObject { ["hostname"] = host });
        var id = queued["command_id"]!.GetValue<long>() + 1;
        await Eventually.TrueAsync(async () => (await desk.Http.GetAsync($"/api/v1/commands/{id}")).IsSuccessStatusCode);
        await desk.CancelAsync(id);
        using var second = await ended.Within();
        Assert.Equal("cancelled", JsonNode.Parse(await Desk.AnswerOf(second, 200))!["status"]!.GetValue<string>());
    }

    [Fact]
    public async Task The_poll_has_two_shapes_and_compares_the_host_with_the_credential()
    {
        var hub = await hubs.OnAsync("sqlite");
        using var desk = await Desk.OfAsync(hub);
        using var sentinel = hub.Client((await hub.LegacyAgentAsync(host)).Token);
        await desk.IsolateAsync(host);
        Assert.Single((await GetAsync(sentinel, $"/command/poll?hostname={host.ToUpperInvariant()}")).AsArray());
        Assert.Empty((await GetAsync(sentinel, $"/command/poll?hostname={host}")).AsArray());
        Assert.Empty((await GetAsync(sentinel, $"/command/poll?host={host}&hostname={host}"))["commands"]!.AsArray());
        foreach (var query in new[] { "?host=other", "?hostname=other", $"?host={host}&hostname=other", "?host=" })
            Assert.Equal("urn:voltaxe:problem:forbidden", (await GetAsync(sentinel, "/command/poll" + query, 403))["type"]!.GetValue<string>());
        Assert.NotNull((await GetAsync(sentinel, "/command/poll", 400))["errors"]!["host"]);
    }

    [Fact]
    public async Task What_went_out_on_the_seeds_route_never_goes_out_again_on_any_channel()
    {
        var hub = await hubs.OnAsync("sqlite");
        using var desk = await Desk.OfAsync(hub);
        var agent = await hub.EnrolAsync(host);
        await using var seed = new SeedAgent(hub.Http, host, await agent.Identity.AccessTokenAsync());
        var queued = await desk.IsolateAsync(host);
        Assert.Single(await seed.PollAsync()); // and the answer was lost
        Assert.Empty(await seed.PollAsync());
        await using var sync = new SyncClient(agent);
        Assert.Empty((await sync.SyncAsync())["commands"]!.AsArray());
        await using var socket = hub.Socket(agent);
        await socket.ConnectAsync();
        Assert.Equal(0, await hub.Get<PushPump>().PushOnceAsync([agent.Identity.AgentId], default));
        await desk.CancelAsync(queued.Id);
        Assert.Empty((await socket.SyncAsync())["cancel"]!.AsArray());
        Assert.Equal([queued.Id], agent.HandedOut.Concat(seed.HandedOut));
    }

    [Fact]
    public async Task Silence_after_the_seeds_poll_is_unknown_until_the_truth_comes()
    {
        var clock = new ManualClock(TimeProvider.System.GetUtcNow());
        await using var hub = await RunningHub.StartAsync(clock: clock);
        using var desk = await Desk.OfAsync(hub);
        await using var seed = new SeedAgent(hub.Http, host, (await hub.LegacyAgentAsync(host)).Token);
        await desk.IsolateAsync(host);
        var command = (await seed.NextAsync())!;
        clock.StepWallClock(clock.GetUtcNow().AddMinutes(4));
        await hub.Get<Sweeper>().SweepOnceAsync(default);
        Assert.Equal(CommandStatus.Delivered, (await desk.CommandAsync(command.Id)).Status);
        clock.StepWallClock(clock.GetUtcNow().AddMinutes(2));
        await hub.Get<Sweeper>().SweepOnceAsync(default);
        Assert.Equal(UnknownWhy.NoReport, (await desk.UntilAsync(command.Id, CommandStatus.Unknown)).UnknownWhy);
        Assert.Equal(Reported.Recorded, await seed.ReportAsync(command, true, "isolated after all"));
        Assert.Equal((CommandStatus.Executed, null), await StateAsync(desk, command.Id));
    }

    [Fact]
    public async Task A_result_is_judged_by_whose_command_it_is_and_what_was_said_before()
    {
        var hub = await hubs.OnAsync("sqlite");
        using var desk = await Desk.OfAsync(hub);
        using var mine = hub.Client((await hub.LegacyAgentAsync(host)).Token);
        using var other = hub.Client((await hub.LegacyAgentAsync(host + "-b")).Token);
        var queued = await desk.KillAsync(host);
        JsonObject Said(long id, bool success, string? data = null) => new()
        {
            ["command_id"] = id, ["success"] = success, ["message"] = "done", ["data"] = data is null ? null : JsonNode.Parse(data), ["extra"] = "ignored",
        };

        Assert.Equal("urn:voltaxe:problem:not_handed_out", (await PostAsync(mine, "/command/result", Said(queued.Id, true), 409))["type"]!.GetValue<string>());
        Assert.Equal(CommandStatus.Pending, (await desk.CommandAsync(queued.Id)).Status);
        await GetAsync(mine, $"/command/poll?host={host}");
        foreach (var (who, id) in new[] { (other, queued.Id), (other, 1L << 40), (mine, 1L << 40) })
            Assert.Equal("""{"error":"Command not found"}""", (await PostAsync(who, "/command/result", Said(id, true), 404)).ToJsonString());
        Assert.Equal(CommandStatus.Delivered, (await desk.CommandAsync(queued.Id)).Status);

        var first = await PostAsync(mine, "/command/result", Said(queued.Id, true, """{"a":1,"b":[2]}"""), 200);
        Assert.Equal(first.ToJsonString(), (await PostAsync(mine, "/command/result", Said(queued.Id, true, """{"b":[2],"a":1}"""), 200)).ToJsonString());
        await PostAsync(mine, "/command/result", Said(queued.Id, true, """{"a":2,"b":[2]}"""), 409);
        await PostAsync(mine, "/command/result", Said(queued.Id, true), 409);
        await PostAsync(mine, "/command/result", Said(queued.Id, false, """{"a":1,"b":[2]}"""), 409);
        Assert.Equal(first["command"]!.ToJsonString(), (await desk.GetAsync($"/api/v1/commands/{queued.Id}")).ToJsonString());
    }

    [Fact]
    public async Task Telemetry_of_an_agent_is_what_operators_read()
    {
        var hub = await hubs.OnAsync("sqlite");
        using var desk = await Desk.OfAsync(hub);
        using var sentinel = hub.Client((await hub.LegacyAgentAsync(host)).Token);
        Assert.Equal("""{"status":"ok"}""", (await PostAsync(sentinel, "/telemetry", JsonNode.Parse("""{"isolated":true,"os":"linux","cpu_percent":12.5}""")!, 200)).ToJsonString());
        var line = await TelemetryOf(desk);
        Assert.True(line["isolated"]!.GetValue<bool>());
        Assert.NotNull(line["last_seen"]);
        await PostAsync(sentinel, "/telemetry", new JsonObject { ["isolated"] = false, ["hostname"] = host }, 200);
        Assert.False((await TelemetryOf(desk))["isolated"]!.GetValue<bool>());
        await PostAsync(sentinel, "/telemetry", new JsonObject { ["isolated"] = true, ["hostname"] = "other" }, 403);
        Assert.False((await TelemetryOf(desk))["isolated"]!.GetValue<bool>());
    }

    private async Task<JsonNode> TelemetryOf(Desk desk) =>
        Assert.Single((await desk.GetAsync("/telemetry")).AsArray(), h => h!["hostname"]!.GetValue<string>() == host)!;

    private static async Task<(CommandStatus, UnknownWhy?)> StateAsync(Desk desk, long id)
    {
        var view = await desk.CommandAsync(id);
        return (view.Status, view.UnknownWhy);
    }

    private static async Task<JsonNode> GetAsync(HttpClient client, string path, int expected = 200)
    {
        using var answer = await client.GetAsync(path);
        return JsonNode.Parse(await Desk.AnswerOf(answer, expected))!;
    }

    private static async Task<JsonNode> PostAsync(HttpClient client, string path, JsonNode body, int expected)
    {
        using var answer = await client.PostAsync(path, JsonContent.Create(body));
        return JsonNode.Parse(await Desk.AnswerOf(answer, expected))!;
    }
}
