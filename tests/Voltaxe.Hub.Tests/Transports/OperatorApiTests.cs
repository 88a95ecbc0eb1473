using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.Hub.Security;
using Voltaxe.Testing;
using Voltaxe.Testing.Wire;

namespace Voltaxe.Hub.Tests.Transports;

/// <summary>The operators' API as the protocol has it, by plain requests.</summary>
[Collection(nameof(Hubs))]
public sealed class OperatorApiTests(Hubs hubs)
{
    private readonly string host = Hubs.NewHost();

    public static TheoryData<string> Databases => RunningHub.Databases;

    [Fact]
    public async Task A_single_order_has_an_address_and_a_batch_has_a_name()
    {
        var hub = await hubs.OnAsync("sqlite");
        using var desk = await Desk.OfAsync(hub);
        var id = (await hub.LegacyAgentAsync(host)).AgentId;
        await hub.LegacyAgentAsync(host + "-b");

        // The same host by name in another case and by id is one host.
        using var single = await desk.PostAsync("/api/v1/commands", Order(host, host.ToUpperInvariant(), id));
        var one = Desk.Read<QueuedCommands>(await Desk.AnswerOf(single, 202));
        Assert.Null(one.BatchId);
        Assert.Equal($"/api/v1/commands/{Assert.Single(one.Commands).Id}", single.Headers.Location!.OriginalString);
        Assert.Equal(one.Commands[0].Uid, Desk.Read<CommandView>((await desk.GetAsync(single.Headers.Location.OriginalString)).ToJsonString()).Uid);

        using var several = await desk.PostAsync("/api/v1/commands", Order(host, host + "-b"));
        var batch = Desk.Read<QueuedCommands>(await Desk.AnswerOf(several, 202));
        Assert.Null(several.Headers.Location);
        Assert.All(batch.Commands, c => Assert.Equal(batch.BatchId, c.BatchId));
        Assert.Equal([host, host + "-b"], batch.Commands.Select(c => c.Host));
        Assert.NotNull(batch.BatchId);
    }

    [Fact]
    public async Task A_command_and_an_agent_have_these_fields_and_no_others()
    {
        var hub = await hubs.OnAsync("sqlite");
        using var desk = await Desk.OfAsync(hub);
        await hub.LegacyAgentAsync(host);
        var command = await desk.GetAsync($"/api/v1/commands/{(await desk.IsolateAsync(host)).Id}");
        string[] fields =
        [
            "id", "uid", "host", "agent_id", "command", "params", "reason", "ticket", "status", "priority", "attempt", "channel", "created_by", "approved_by", "batch_id", "superseded_by", "unknown_why", "not_before",
            "expires_at", "created_at", "approved_at", "delivered_at", "received_at", "started_at", "executed_at", "verified_at", "finished_at", "cancel_requested_at", "result",
        ];
        Assert.Equal(fields.Order(), command.AsObject().Select(p => p.Key).Order());
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$", command["created_at"]!.GetValue<string>());
        Assert.Matches("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", command["uid"]!.GetValue<string>());
        string[] agent = ["id", "host", "os", "version", "legacy", "presence", "last_seen", "containment", "drift", "observed", "capabilities", "tags", "open_commands", "degraded"];
        var view = await desk.GetAsync($"/api/v1/agents/{host.ToUpperInvariant()}");
        Assert.Equal(agent.Order(), view.AsObject().Select(p => p.Key).Order());
        Assert.Equal(("never", "unknown", 1), (view["presence"]!.GetValue<string>(), view["containment"]!.GetValue<string>(), view["open_commands"]!.GetValue<int>()));
        Assert.Contains((await desk.GetAsync("/api/v1/agents"))["items"]!.AsArray(), a => JsonNode.DeepEquals(a, view));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Twenty_times_at_once_under_one_idempotency_key_is_one_command(string database)
    {
        var hub = await hubs.OnAsync(database);
        using var desk = await Desk.OfAsync(hub);
        using var other = await Desk.OfAsync(hub);
        await hub.LegacyAgentAsync(host);
        var key = Guid.NewGuid().ToString();
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ =>
        {
            using var answer = await SendAsync(desk, key, Order(host));
            return await Desk.AnswerOf(answer, 202);
        }));
        Assert.Single(answers.Distinct());
        Assert.Equal(1, await CountAsync());
        using (var otherBody = await SendAsync(desk, key, Order(host, host)))
            Assert.Contains("urn:voltaxe:problem:idempotency_key_reused", await Desk.AnswerOf(otherBody, 422), StringComparison.Ordinal);
        Assert.Equal(1, await CountAsync());
        using (var otherOperator = await SendAsync(other, key, Order(host, host)))
            await Desk.AnswerOf(otherOperator, 202);

        // Only what was accepted is kept: a refused order may be sent again when its host is there.
        var (late, again) = (host + "-late", Guid.NewGuid().ToString());
        using (var refused = await SendAsync(desk, again, Order(late)))
            await Desk.AnswerOf(refused, 404);
        await hub.LegacyAgentAsync(late);
        using (var accepted = await SendAsync(desk, again, Order(late)))
            await Desk.AnswerOf(accepted, 202);

        Task<int> CountAsync() => hub.ReadAsync(db => db.Commands.CountAsync(c => c.Hostname == host));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task A_list_is_filtered_newest_first_and_read_page_by_page_to_its_end(string database)
    {
        var hub = await hubs.OnAsync(database);
        using var desk = await Desk.OfAsync(hub);
        var agent = await hub.LegacyAgentAsync(host);
        await hub.LegacyAgentAsync(host + "-b");
        var ids = new List<long>();
        for (var i = 0; i < 3; i++)
            ids.Add((await desk.CollectAsync(host)).Id);
        var kill = await desk.KillAsync(host);
        await desk.CancelAsync(ids[0]);
        using var several = await desk.PostAsync("/api/v1/commands", Order(host, host + "-b"));
        var batch = Desk.Read<QueuedCommands>(await Desk.AnswerOf(several, 202));
        var isolate = batch.Commands[0].Id;

        Assert.Equal([isolate, kill.Id, ids[2], ids[1], ids[0]], await IdsAsync($"host={host.ToUpperInvariant()}"));
        Assert.Equal([isolate, kill.Id, ids[2], ids[1], ids[0]], await IdsAsync($"host={agent.AgentId}"));
        Assert.Equal([ids[0]], await IdsAsync($"host={host}&status=cancelled"));
        Assert.Equal([isolate, kill.Id, ids[2], ids[1], ids[0]], await IdsAsync($"host={host}&status=cancelled,pending"));
        Assert.Equal([kill.Id], await IdsAsync($"host={host}&command=kill_process"));
        Assert.Equal(batch.Commands.Select(c => c.Id).OrderDescending(), await IdsAsync($"batch={batch.BatchId}"));
        Assert.Equal(6, (await IdsAsync($"created_by={kill.CreatedBy}")).Count);
        Assert.Empty(await IdsAsync("host=nowhere"));

        var (read, next) = (new List<long>(), "");
        for (var page = 0; next is not null; page++)
        {
            var list = await desk.GetAsync($"/api/v1/commands?host={host}&limit=2{(next.Length > 0 ? "&after=" + Uri.EscapeDataString(next) : "")}");
            read.AddRange(list["items"]!.AsArray().Select(c => c!["id"]!.GetValue<long>()));
            next = list["next"]?.GetValue<string>();
            if (page == 0)
                await desk.KillAsync(host); // what is new does not push what is read
            Assert.True(page < 3);
        }
        Assert.Equal([isolate, kill.Id, ids[2], ids[1], ids[0]], read);

        async Task<List<long>> IdsAsync(string query) => [.. (await desk.GetAsync("/api/v1/commands?" + query))["items"]!.AsArray().Select(c => c!["id"]!.GetValue<long>())];
    }

    [Fact]
    public async Task Each_role_may_do_what_the_protocol_says()
    {
        var hub = await hubs.OnAsync("sqlite");
        await hub.LegacyAgentAsync(host);
        using var admin = await Desk.OfAsync(hub);
        var id = (await admin.IsolateAsync(host)).Id;
        foreach (var role in Enum.GetValues<Role>())
        {
            using var desk = await Desk.OfAsync(hub, role);
            foreach (var path in new[] { "/api/v1/commands", $"/api/v1/commands/{id}", "/api/v1/agents", $"/api/v1/agents/{host}", "/telemetry", "/openapi/v1.json" })
                await desk.GetAsync(path);
            var (orders, administers) = (role is Role.Responder or Role.Admin, role is Role.Admin);
            await AnswersAsync(desk.PostAsync("/api/v1/commands", Order(host)), orders ? 202 : 403);
            await AnswersAsync(desk.PostAsync("/api/isolate", new JsonObject { ["hostname"] = "nowhere" }), orders ? 404 : 403);
            await AnswersAsync(desk.TryCancelAsync(999_999), orders ? 404 : 403);
            await AnswersAsync(desk.PostAsync("/api/v1/enrollment-tokens", new JsonObject()), administers ? 201 : 403);
            await AnswersAsync(desk.PostAsync("/api/v1/agents", new JsonObject { ["hostname"] = host, ["legacy"] = true }), administers ? 409 : 403);
            await AnswersAsync(desk.Http.DeleteAsync("/api/v1/agents/nowhere"), administers ? 404 : 403);
        }
    }

    [Fact]
    public async Task What_has_ended_cannot_be_cancelled()
    {
        var hub = await hubs.OnAsync("sqlite");
        using var desk = await Desk.OfAsync(hub);
        await using var seed = new SeedAgent(hub.Http, host, (await hub.LegacyAgentAsync(host)).Token);
        var (done, withdrawn) = (await desk.CollectAsync(host), await desk.IsolateAsync(host));
        await desk.CancelAsync(withdrawn.Id);
        await seed.ReportAsync((await seed.NextAsync())!, true, "collected");
        foreach (var id in new[] { done.Id, withdrawn.Id })
        {
            var before = await desk.CommandAsync(id);
            using var answer = await desk.TryCancelAsync(id);
            Assert.Contains("urn:voltaxe:problem:already_ended", await Desk.AnswerOf(answer, 409), StringComparison.Ordinal);
            var after = await desk.CommandAsync(id);
            Assert.Equal((before.Status, before.CancelRequestedAt, before.FinishedAt), (after.Status, after.CancelRequestedAt, after.FinishedAt));
        }
    }

    [Fact]
    public async Task The_description_is_openapi_3_1_and_knows_every_route()
    {
        var hub = await hubs.OnAsync("sqlite");
        using var desk = await Desk.OfAsync(hub, Role.Viewer);
        var document = await desk.GetAsync("/openapi/v1.json");
        Assert.StartsWith("3.1.", document["openapi"]!.GetValue<string>(), StringComparison.Ordinal);
        var routes = hub.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(e => e.RoutePattern.RawText!.TrimStart('/') is var path && (path.StartsWith("api/", StringComparison.Ordinal) || path.StartsWith("agent/v1/", StringComparison.Ordinal) || path is "command/poll" or "command/result" or "telemetry"))
            .SelectMany(e => e.Metadata.GetRequiredMetadata<IHttpMethodMetadata>().HttpMethods.Select(m => (Path: "/" + e.RoutePattern.RawText!.Trim('/').Replace(":long", "", StringComparison.Ordinal), Method: m.ToLowerInvariant()))).ToList();
        Assert.True(routes.Count >= 18, $"only {routes.Count} routes");
        Assert.DoesNotContain(routes, r => document["paths"]?[r.Path]?[r.Method] is null);
        Assert.All(routes.Where(r => r.Method == "post" && r.Path != "/api/v1/agents/{id}/replace"), r => Assert.NotNull(document["paths"]![r.Path]![r.Method]!["requestBody"]?["content"]?["application/json"]?["schema"]));
        Assert.All(routes.Where(r => r.Path != "/api/v1/commands/{id}/events"), r => Assert.Contains(document["paths"]![r.Path]![r.Method]!["responses"]!.AsObject(), answer => answer.Key[0] == '2'));
    }

    [Fact]
    public async Task Health_needs_no_credential()
    {
        var hub = await hubs.OnAsync("sqlite");
        foreach (var (path, status) in new[] { ("/healthz", "ok"), ("/readyz", "ready") })
        {
            using var answer = await hub.Http.GetAsync(path);
            Assert.Equal((HttpStatusCode.OK, status), (answer.StatusCode, JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["status"]!.GetValue<string>()));
        }
    }

    private static JsonObject Order(params string[] hosts) => new()
    {
        ["command"] = "network_isolate", ["reason"] = "because it must be", ["hosts"] = new JsonArray([.. hosts.Select(h => JsonValue.Create(h))]),
    };

    private static async Task AnswersAsync(Task<HttpResponseMessage> asked, int status)
    {
        using var answer = await asked;
        await Desk.AnswerOf(answer, status);
    }

    private static async Task<HttpResponseMessage> SendAsync(Desk desk, string key, JsonObject body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/commands") { Content = JsonContent.Create(body) };
        request.Headers.Add("Idempotency-Key", key);
        return await desk.Http.SendAsync(request);
    }
}
