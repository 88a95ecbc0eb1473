using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using Voltaxe.Contracts.Commands;
using Voltaxe.Hub.Delivery;
using Voltaxe.Testing;
using Voltaxe.Testing.Wire;

namespace Voltaxe.Hub.Tests.Transports;

/// <summary>A sync with <c>wait_seconds</c> is held until there is something to say. Each wait here would last 20 s if nothing ended it.</summary>
[Collection(nameof(Hubs))]
public sealed class ParkedSyncTests(Hubs hubs)
{
    private const int Wait = 20;

    /// <summary>Far below <see cref="Wait"/>, and bearable on a busy machine.</summary>
    private static readonly TimeSpan AtOnce = TimeSpan.FromSeconds(8);

    public static TheoryData<string> Databases => RunningHub.Databases;

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task A_new_command_ends_the_wait_at_once(string database)
    {
        var hub = await hubs.OnAsync(database);
        using var desk = await Desk.OfAsync(hub);
        await using var client = await ConnectedAsync(hub);
        var parked = client.PostAsync(client.Agent.NewSync(Wait));
        await IsParkedAsync(hub, client, parked);
        var queued = await desk.IsolateAsync(client.Agent.Identity.Hostname);
        var reply = await parked.Within(AtOnce);
        Assert.Equal(queued.Id, Assert.Single(reply["commands"]!.AsArray())!["id"]!.GetValue<long>());
        Assert.Equal(CommandStatus.Delivered, (await desk.CommandAsync(queued.Id)).Status);
    }

    [Fact]
    public async Task A_newer_wait_releases_the_older_and_gets_what_comes()
    {
        var hub = await hubs.OnAsync("sqlite");
        using var desk = await Desk.OfAsync(hub);
        await using var client = await ConnectedAsync(hub);
        var older = client.PostAsync(client.Agent.NewSync(Wait));
        await IsParkedAsync(hub, client, older);
        var newer = client.PostAsync(client.Agent.NewSync(Wait));
        Assert.Empty((await older.Within(AtOnce))["commands"]!.AsArray());
        Assert.False(newer.IsCompleted);
        await desk.IsolateAsync(client.Agent.Identity.Hostname);
        Assert.Single((await newer.Within(AtOnce))["commands"]!.AsArray());
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task A_revocation_ends_the_wait(string database)
    {
        var hub = await hubs.OnAsync(database);
        using var desk = await Desk.OfAsync(hub);
        await using var client = await ConnectedAsync(hub);
        var parked = client.TryPostAsync(client.Agent.NewSync(Wait));
        await IsParkedAsync(hub, client, parked);
        await desk.RevokeAsync(client.Agent.Identity.AgentId);
        using var answer = await parked.Within(AtOnce);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        using var again = await client.TryPostAsync(client.Agent.NewSync());
        Assert.Equal(HttpStatusCode.Unauthorized, again.StatusCode);
    }

    [Fact]
    public async Task A_cancel_ends_one_wait_and_not_the_next()
    {
        var hub = await hubs.OnAsync("sqlite");
        using var desk = await Desk.OfAsync(hub);
        await using var client = await ConnectedAsync(hub);
        var queued = await desk.KillAsync(client.Agent.Identity.Hostname);
        var command = await client.NextAsync();
        await client.SyncAsync();
        var parked = client.PostAsync(client.Agent.NewSync(Wait));
        await IsParkedAsync(hub, client, parked);
        await desk.CancelAsync(queued.Id);
        var cancel = Assert.Single((await parked.Within(AtOnce))["cancel"]!.AsArray())!;
        Assert.Equal((command!.Uid.ToString(), client.Agent.Epoch, "cancelled"), (cancel["uid"]!.GetValue<string>(), cancel["epoch"]!.GetValue<string>(), cancel["why"]!.GetValue<string>()));

        // The reply was lost: the cancel is asked again in the next reply, but ends no wait any more.
        var next = client.PostAsync(client.Agent.NewSync(Wait));
        await IsParkedAsync(hub, client, next);
        await desk.IsolateAsync(client.Agent.Identity.Hostname);
        var reply = await next.Within(AtOnce);
        Assert.Single(reply["cancel"]!.AsArray());
        Assert.Single(reply["commands"]!.AsArray());
    }

    [Fact]
    public async Task A_result_is_answered_without_waiting()
    {
        var hub = await hubs.OnAsync("sqlite");
        using var desk = await Desk.OfAsync(hub);
        await using var client = await ConnectedAsync(hub);
        await desk.KillAsync(client.Agent.Identity.Hostname);
        var command = (await client.NextAsync())!;
        client.Agent.Finish(client.Agent.Find(command.Uid!.Value)!, "executed", "done");
        var reply = await client.PostAsync(client.Agent.NewSync(Wait)).Within(AtOnce);
        Assert.Equal(command.Uid.ToString(), Assert.Single(reply["recorded"]!.AsArray())!.GetValue<string>());
    }

    [Fact]
    public async Task A_wait_that_nothing_ends_is_answered_when_it_is_over_with_every_list()
    {
        var hub = await hubs.OnAsync("sqlite");
        await using var client = await ConnectedAsync(hub);
        var clock = Stopwatch.StartNew();
        var reply = await client.PostAsync(client.Agent.NewSync(1));
        Assert.True(clock.Elapsed >= TimeSpan.FromMilliseconds(900), $"answered after {clock.Elapsed}");
        Assert.Equal(["hub_time", "commands", "recorded", "cancel", "drop", "asks", "keys", "next_poll_seconds"], reply.Select(p => p.Key));
        foreach (var list in new[] { "commands", "recorded", "cancel", "drop", "asks", "keys" })
            Assert.Empty(Assert.IsType<JsonArray>(reply[list]));
    }

    private static async Task<SyncClient> ConnectedAsync(RunningHub hub)
    {
        var client = new SyncClient(await hub.EnrolAsync(Hubs.NewHost()));
        await client.ConnectAsync();
        return client;
    }

    /// <summary>The hub holds the request now: its sync is counted, and it is not answered.</summary>
    private static async Task IsParkedAsync(RunningHub hub, SyncClient client, Task parked)
    {
        var entry = hub.Get<Hub.Agents.PresenceBoard>().Of(client.Agent.Identity.AgentId);
        await Eventually.TrueAsync(() =>
        {
            lock (entry.Gate)
                return parked.IsCompleted || (entry.N == client.Agent.N && hub.Get<AgentLinks>().IsParked(client.Agent.Identity.AgentId));
        });
        Assert.False(parked.IsCompleted, "answered at once");
    }
}
