using System.Net.WebSockets;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Voltaxe.Contracts.Commands;
using Voltaxe.Hub.Delivery;
using Voltaxe.Testing;
using Voltaxe.Testing.Wire;

namespace Voltaxe.Hub.Tests.Transports;

/// <summary>What only a socket does: sessions, pushes, and being shut.</summary>
[Collection(nameof(Hubs))]
public sealed class SocketTests(Hubs hubs)
{
    private readonly string host = Hubs.NewHost();

    [Fact]
    public async Task Nothing_is_pushed_before_the_first_sync()
    {
        var hub = await hubs.OnAsync("sqlite");
        using var desk = await Desk.OfAsync(hub);
        var agent = await hub.EnrolAsync(host);
        var heard = new List<string>();
        await using var socket = await SignalRSocket.OpenAsync(await SignalRSocket.ClientTo(hub.Url)(await agent.Identity.AccessTokenAsync()), (target, _) => heard.Add(target));
        var queued = await desk.IsolateAsync(host);
        Assert.Equal(0, await hub.Get<PushPump>().PushOnceAsync([agent.Identity.AgentId], default));
        Assert.Equal(CommandStatus.Pending, (await desk.CommandAsync(queued.Id)).Status);
        var reply = await socket.InvokeAsync("Sync", agent.NewSync());
        Assert.Equal(queued.Id, Assert.Single(reply!["commands"]!.AsArray())!["id"]!.GetValue<long>());
        Assert.Empty(heard);
    }

    [Fact]
    public async Task Each_connection_draws_a_session_number_and_the_older_socket_is_shut()
    {
        var hub = await hubs.OnAsync("sqlite");
        using var desk = await Desk.OfAsync(hub);
        var agent = await hub.EnrolAsync(host);
        await using var first = hub.Socket(agent);
        await using var second = hub.Socket(agent);
        await first.ConnectAsync();
        Assert.Equal(1, await SessionAsync(hub, agent));
        await first.SyncAsync();
        Assert.Equal(1, await SessionAsync(hub, agent));
        await second.ConnectAsync();
        Assert.Equal(2, await SessionAsync(hub, agent));
        await EndsAsync(first.Socket);
        var queued = await desk.KillAsync(host);
        Assert.Equal(queued.Id, (await second.NextAsync())!.Id);
    }

    [Fact]
    public async Task A_cancel_is_pushed()
    {
        var hub = await hubs.OnAsync("sqlite");
        using var desk = await Desk.OfAsync(hub);
        await using var client = hub.Socket(await hub.EnrolAsync(host));
        await client.ConnectAsync();
        var queued = await desk.KillAsync(host);
        var command = (await client.NextAsync())!;
        await desk.CancelAsync(queued.Id);
        await Eventually.TrueAsync(() => client.Agent.Find(command.Uid!.Value)!.State == "finished");
        await client.SyncAsync();
        Assert.Equal(CommandStatus.Cancelled, (await desk.CommandAsync(queued.Id)).Status);
    }

    [Fact]
    public async Task A_push_that_was_lost_comes_again_and_what_was_not_lost_runs_once()
    {
        var clock = new ManualClock(TimeProvider.System.GetUtcNow());
        await using var hub = await RunningHub.StartAsync(clock: clock);
        using var desk = await Desk.OfAsync(hub);
        await using var client = hub.Socket(await hub.EnrolAsync(host));
        await client.ConnectAsync();
        client.HearsPushes = false;
        var queued = await desk.IsolateAsync(host);
        await Eventually.TrueAsync(async () => (await desk.CommandAsync(queued.Id)).Status == CommandStatus.Delivered);
        // Not on any channel until its wait is over: who polls meanwhile does not get it twice.
        await using var poll = new SyncClient(client.Agent);
        Assert.Empty((await client.SyncAsync())["commands"]!.AsArray());
        client.HearsPushes = true;
        clock.Advance(TimeSpan.FromSeconds(6));
        var command = (await client.NextAsync())!;
        Assert.Equal((queued.Id, 2), (command.Id, command.Attempt!.Value));
        await client.ReportAsync(command, true, "isolated");
        var view = await desk.CommandAsync(queued.Id);
        Assert.Equal((CommandStatus.Executed, 2), (view.Status, view.Attempt));
    }

    [Fact]
    public async Task A_replaced_journal_is_told_so_and_its_socket_is_shut()
    {
        var hub = await hubs.OnAsync("sqlite");
        var agent = await hub.EnrolAsync(host);
        var old = new WireAgent(agent.Identity);
        await using var client = hub.Socket(old);
        await client.ConnectAsync();
        await using (var fresh = new SyncClient(agent))
            await fresh.ConnectAsync();
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(client.SyncAsync);
        Assert.Contains("urn:voltaxe:problem:epoch_replaced", refused.Message, StringComparison.Ordinal);
        await EndsAsync(client.Socket);
        await using var poll = new SyncClient(old);
        using var answer = await poll.TryPostAsync(old.NewSync());
        Assert.Equal("urn:voltaxe:problem:epoch_replaced", JsonNode.Parse(await Desk.AnswerOf(answer, 409))!["type"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_revocation_shuts_the_socket()
    {
        var hub = await hubs.OnAsync("sqlite");
        using var desk = await Desk.OfAsync(hub);
        await using var client = hub.Socket(await hub.EnrolAsync(host));
        await client.ConnectAsync();
        await desk.RevokeAsync(client.Agent.Identity.AgentId);
        await EndsAsync(client.Socket);
        var refused = await Assert.ThrowsAsync<WebSocketException>(client.ConnectAsync);
        Assert.Contains("401", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("epoch", "\"two words\"", "epoch")]
    [InlineData("highest_seq", "4503599627370496", "highest_seq")]
    [InlineData("wait_seconds", "31", "wait_seconds")]
    [InlineData("holding", "[{\"uid\":\"0193a000-0000-7000-8000-000000000001\",\"attempt\":0,\"state\":\"received\"}]", "holding")]
    public async Task What_is_wrong_in_a_sync_is_said_with_its_field_and_the_socket_stays(string field, string json, string named)
    {
        var hub = await hubs.OnAsync("sqlite");
        await using var client = hub.Socket(await hub.EnrolAsync(host));
        await client.ConnectAsync();
        var request = client.Agent.NewSync();
        request[field] = JsonNode.Parse(json);
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => client.Socket.InvokeAsync("Sync", request));
        Assert.Contains("urn:voltaxe:problem:invalid_request", refused.Message, StringComparison.Ordinal);
        Assert.Contains(named + ":", refused.Message, StringComparison.Ordinal);
        await client.SyncAsync();
    }

    [Fact]
    public async Task A_message_above_a_mebibyte_shuts_the_socket()
    {
        var hub = await hubs.OnAsync("sqlite");
        await using var client = hub.Socket(await hub.EnrolAsync(host));
        await client.ConnectAsync();
        var request = client.Agent.NewSync();
        request["more"] = new string('x', 1_100_000);
        await Assert.ThrowsAnyAsync<Exception>(() => client.Socket.InvokeAsync("Sync", request));
        await EndsAsync(client.Socket);
        await client.ConnectAsync();
    }

    private static Task<long> SessionAsync(RunningHub hub, WireAgent agent) =>
        hub.ReadAsync(db => db.Agents.Where(a => a.Id == agent.Identity.AgentId).Select(a => a.Session).SingleAsync());

    /// <summary>Ends within the time that revocation is promised in, with or without a close frame.</summary>
    private static async Task EndsAsync(SignalRSocket socket)
    {
        var end = await Record.ExceptionAsync(() => socket.Closed.WaitAsync(TimeSpan.FromSeconds(5)));
        Assert.IsNotType<TimeoutException>(end);
    }
}
