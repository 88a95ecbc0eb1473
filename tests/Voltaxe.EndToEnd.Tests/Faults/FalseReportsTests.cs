using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Operators;
using Voltaxe.EndToEnd.Tests.Product;
using Voltaxe.Testing;
using Voltaxe.Testing.Wire;

namespace Voltaxe.EndToEnd.Tests.Faults;

/// <summary>Acceptance 24: an agent that speaks of commands that are not its own, do not exist or are over, or that floods the hub.</summary>
public sealed class FalseReportsTests
{
    [NeedsFact(Needs.Linux)]
    public async Task What_one_agent_says_of_anothers_command_changes_nothing()
    {
        await using var site = await Site.StartAsync();
        var (a, b) = (await site.EnrolWireAsync("a-host"), await site.EnrolWireAsync("b-host"));
        await using var forA = new SyncClient(a);
        await using var forB = new SyncClient(b);
        await forA.ConnectAsync();
        await forB.ConnectAsync();
        var order = await site.Operator.QueueAsync("b-host", CommandNames.NetworkIsolate);
        await forB.NextAsync(Site.Patience);
        var before = await site.Operator.CommandAsync(order.Id);

        // The seed's route: another's and an unknown one look alike.
        foreach (var id in new[] { order.Id, 987_654 })
        {
            using var refused = await a.Identity.SendAsync(HttpMethod.Post, "/command/result", Result(id, success: true, "done"));
            Assert.Equal(HttpStatusCode.NotFound, refused.StatusCode);
            Assert.Equal("""{"error":"Command not found"}""", await refused.Content.ReadAsStringAsync());
        }
        // Sync: dropped, and said so, for both.
        foreach (var uid in new[] { order.Uid, Guid.CreateVersion7() })
        {
            var lie = a.NewSync();
            lie["results"] = new JsonArray(new JsonObject { ["uid"] = uid.ToString(), ["attempt"] = 1, ["outcome"] = "executed" });
            lie["received"] = new JsonArray(new JsonObject { ["uid"] = uid.ToString(), ["attempt"] = 1 });
            lie["holding"] = new JsonArray(new JsonObject { ["uid"] = uid.ToString(), ["attempt"] = 1, ["state"] = "started" });
            var reply = await forA.PostAsync(lie);
            Assert.Equal("unknown_uid", Assert.Single(reply["drop"]!.AsArray())!["why"]!.GetValue<string>());
            Assert.Empty(reply["recorded"]!.AsArray());
        }
        Same(before, await site.Operator.CommandAsync(order.Id));

        await forB.ReportAsync(new DeliveredCommand(order.Id, order.Uid, 1, order.Command, []), success: true, "done");
        Assert.Equal(CommandStatus.Executed, (await site.Operator.CommandAsync(order.Id)).Status);
    }

    [NeedsFact(Needs.Linux)]
    public async Task A_finished_command_is_not_told_otherwise()
    {
        await using var site = await Site.StartAsync();
        var agent = await site.EnrolWireAsync("web-01");
        await using var client = new SyncClient(agent);
        await client.ConnectAsync();
        var order = await site.Operator.QueueAsync("web-01", CommandNames.NetworkIsolate);
        var command = (await client.NextAsync(Site.Patience))!;
        Assert.Equal(Reported.Recorded, await client.ReportAsync(command, success: true, "done"));
        var before = await site.Operator.CommandAsync(order.Id);

        using var same = await agent.Identity.SendAsync(HttpMethod.Post, "/command/result", Result(order.Id, success: false, "failed after all"));
        Assert.Equal(HttpStatusCode.Conflict, same.StatusCode);
        var lie = agent.NewSync();
        lie["results"] = new JsonArray(new JsonObject { ["uid"] = order.Uid.ToString(), ["attempt"] = 9, ["outcome"] = "failed" });
        Assert.Equal("conflict", Assert.Single((await client.PostAsync(lie))["drop"]!.AsArray())!["why"]!.GetValue<string>());
        Same(before, await site.Operator.CommandAsync(order.Id));
    }

    [NeedsFact(Needs.Linux)]
    public async Task Huge_and_deep_messages_are_refused_and_the_agent_is_served_afterwards()
    {
        await using var site = await Site.StartAsync();
        var agent = await site.EnrolWireAsync("web-01");
        await using var client = new SyncClient(agent);
        await client.ConnectAsync();
        var order = await site.Operator.QueueAsync("web-01", CommandNames.NetworkIsolate);

        foreach (var route in new[] { "/agent/v1/sync", "/command/result", "/telemetry" })
        {
            Assert.Equal(HttpStatusCode.RequestEntityTooLarge, await PostAsync(agent, route, $$"""{"message":"{{new string('x', 3_000_000)}}"}"""));
            Assert.Equal(HttpStatusCode.BadRequest, await PostAsync(agent, route, $$"""{"command_id":{{order.Id}},"success":true,"data":{{new string('[', 5_000)}}{{new string(']', 5_000)}}}"""));
        }
        Same(order, await site.Operator.CommandAsync(order.Id));
        Assert.Equal(order.Id, (await client.NextAsync(Site.Patience))!.Id);
    }

    private static async Task<HttpStatusCode> PostAsync(WireAgent agent, string route, string body)
    {
        using var request = await agent.Identity.RequestAsync(HttpMethod.Post, route);
        request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await agent.Identity.SendAsync(request);
        return answer.StatusCode;
    }

    private static JsonObject Result(long id, bool success, string message) => new() { ["command_id"] = id, ["success"] = success, ["message"] = message };

    private static void Same(CommandView expected, CommandView actual) =>
        Assert.Equal(System.Text.Json.JsonSerializer.Serialize(expected, WireJson.Default.CommandView), System.Text.Json.JsonSerializer.Serialize(actual, WireJson.Default.CommandView));
}
