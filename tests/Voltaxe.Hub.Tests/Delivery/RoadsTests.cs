using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Agents;
using Voltaxe.Hub.Delivery;
using Voltaxe.Hub.Persistence;
using Voltaxe.Hub.Security;
using Voltaxe.Testing;

namespace Voltaxe.Hub.Tests.Delivery;

/// <summary>Push, wait and poll where one of them goes wrong.</summary>
public sealed class RoadsTests
{
    [Fact]
    public async Task An_agent_that_does_not_read_its_socket_keeps_nobody_else_waiting()
    {
        await using var queue = await Queue.OpenAsync(null);
        var deaf = await queue.EnrolAsync("web-01");
        var stuck = new StuckSocket();
        await queue.SendAsync(new SyncAgent.Request(deaf.Id, deaf.Request(), stuck));
        var agent = await queue.EnrolAsync("web-02");
        var socket = await agent.ConnectAsync();
        await queue.IsolateAsync("web-01");
        await queue.IsolateAsync("web-02");

        var pushing = queue.Pump.PushOnceAsync([deaf.Id, agent.Id], default);
        await Eventually.TrueAsync(() =>
        {
            queue.Clock.Advance(TimeSpan.FromSeconds(1));
            return pushing.IsCompleted;
        });
        Assert.Equal(2, await pushing);
        Assert.Single(socket.Executed);
        stuck.Free();
    }

    [Fact]
    public async Task What_was_pushed_is_not_handed_out_on_the_seeds_route_when_the_push_seems_lost()
    {
        await using var queue = await Queue.OpenAsync(null);
        var agent = await queue.EnrolAsync("web-01");
        await agent.ConnectAsync();
        await queue.KillAsync("web-01");
        Assert.Equal(1, await queue.Pump.PushOnceAsync([agent.Id], default));
        queue.Clock.Advance(TimeSpan.FromSeconds(10));
        var fresh = await queue.KillAsync("web-01");
        var polled = (await queue.SendAsync(new PollSeed.Request(agent.Id, ["web-01"]))).Value;
        Assert.Equal([fresh.Id], polled.Select(c => c.Id));
    }

    [Fact]
    public async Task A_wait_that_nothing_ends_tells_the_time_at_its_end()
    {
        await using var queue = await Queue.OpenAsync(null);
        var agent = await queue.EnrolAsync("web-01");
        var waits = new ParkedSync(queue.Store, queue.Links, queue.Get<Asks>(), queue.Get<PresenceBoard>(), new AgentRevocations(), queue.Options);
        var reply = await agent.SyncAsync();
        var waiting = waits.WaitAsync(agent.Id, agent.Request() with { WaitSeconds = 30 }, reply, default);
        await Eventually.TrueAsync(() => queue.Links.IsParked(agent.Id));
        queue.Clock.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(queue.Clock.GetUtcNow(), (await waiting.Within()).Value.HubTime);
    }

    [Fact]
    public async Task A_hub_that_stops_answers_who_waits()
    {
        await using var queue = await Queue.OpenAsync(null);
        var agent = await queue.EnrolAsync("web-01");
        var waits = new ParkedSync(queue.Store, queue.Links, queue.Get<Asks>(), queue.Get<PresenceBoard>(), new AgentRevocations(), queue.Options);
        var reply = await agent.SyncAsync();
        var waiting = waits.WaitAsync(agent.Id, agent.Request() with { WaitSeconds = 30 }, reply, default);
        await Eventually.TrueAsync(() => queue.Links.IsParked(agent.Id));
        queue.Links.ReleaseParked();
        Assert.False((await waiting.Within()).IsRefused);
    }

    [Fact]
    public void Of_two_sockets_the_older_is_shut_whichever_came_first()
    {
        var links = new AgentLinks();
        var (older, newer) = (new QueueSocket(), new QueueSocket());
        links.Open("a-1", newer, 2);
        links.Open("a-1", older, 1);
        Assert.Equal((true, false), (older.IsAborted, newer.IsAborted));
        Assert.Same(newer, links.SocketOf("a-1")!.Value.Socket);
    }

    [Fact]
    public async Task A_database_that_is_away_is_called_so_to_readers_and_writers()
    {
        var options = new HubOptions();
        await using var services = new ServiceCollection().AddLogging().AddSingleton<TimeProvider>(new ManualClock())
            .AddPersistence(options, $"Host=127.0.0.1;Port={FreePort.Next()};Username=nobody;Database=none;Timeout=5").BuildServiceProvider();
        var store = services.GetRequiredService<HubStore>();
        await Assert.ThrowsAsync<StorageUnavailableException>(() => store.ReadAsync((db, ct) => db.Agents.CountAsync(ct), default));
        await Assert.ThrowsAsync<StorageUnavailableException>(() => store.WriteAsync((write, ct) => write.Db.Agents.CountAsync(ct), default));
    }

    private sealed class StuckSocket : IAgentSocket
    {
        private readonly TaskCompletionSource read = new();

        public string ConnectionId { get; } = Guid.NewGuid().ToString("N");

        public void Free() => read.TrySetResult();

        public Task ExecuteAsync(IReadOnlyList<Envelope> envelopes, CancellationToken ct) => read.Task;

        public Task CancelAsync(IReadOnlyList<CancelOrder> cancels, CancellationToken ct) => read.Task;

        public Task AskAsync(IReadOnlyList<Ask> asks, CancellationToken ct) => read.Task;

        public void Abort() { }
    }
}
