using Voltaxe.Hub.Delivery;
using Voltaxe.Testing;
using Voltaxe.Testing.Wire;

namespace Voltaxe.Hub.Tests.Transports;

/// <summary>A hub on SQLite and one on PostgreSQL for all tests of the transports, each started when it is first asked for; every test brings its own hosts.</summary>
public sealed class Hubs : IAsyncDisposable, IAsyncLifetime
{
    private readonly Lazy<Task<RunningHub>> sqlite = new(() => RunningHub.StartAsync());
    private readonly Lazy<Task<RunningHub>> postgres = new(() => RunningHub.StartAsync("postgres"));
    private static int hosts;

    public static string NewHost() => $"host-{Interlocked.Increment(ref hosts):0000}";

    public Task<RunningHub> OnAsync(string database) => (database == "postgres" ? postgres : sqlite).Value;

    public Task InitializeAsync() => Task.CompletedTask;

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        foreach (var hub in new[] { sqlite, postgres }.Where(h => h.IsValueCreated))
            await (await hub.Value).DisposeAsync();
    }
}

/// <summary>Tests that share the hubs run one after the other.</summary>
[CollectionDefinition(nameof(Hubs))]
public sealed class HubsCollection : ICollectionFixture<Hubs>;

internal static class HubClients
{
    /// <summary>An agent that has enrolled and not yet said anything.</summary>
    public static async Task<WireAgent> EnrolAsync(this RunningHub hub, string host) =>
        new(await WireIdentity.EnrolAsync(hub.Http, await hub.EnrolmentTokenAsync(), host));

    public static SocketClient Socket(this RunningHub hub, WireAgent agent) => new(agent, SignalRSocket.ClientTo(hub.Url));

    /// <summary>An agent of this host that speaks over the channel.</summary>
    public static async Task<IDeliveryClient> DeliveryClientAsync(this RunningHub hub, string channel, string host) => channel switch
    {
        "signalr" => hub.Socket(await hub.EnrolAsync(host)),
        "sync" => new SyncClient(await hub.EnrolAsync(host)),
        _ => new SeedAgent(hub.Http, host, (await hub.LegacyAgentAsync(host)).Token),
    };

    /// <summary>The agent left, and the hub knows it: nothing is pushed into a dead socket any more.</summary>
    public static async Task LeaveAsync(this RunningHub hub, IDeliveryClient client)
    {
        await client.LeaveAsync();
        if (client is SocketClient socket)
            await Eventually.TrueAsync(() => hub.Get<AgentLinks>().SocketOf(socket.Agent.Identity.AgentId) is null);
    }

    /// <summary>The same hub, stopped and started again on the same address with the same data.</summary>
    public static async Task<RunningHub> RestartAsync(this RunningHub hub)
    {
        await hub.App.StopAsync();
        return await hub.AnotherAsync(settings: ("urls", hub.Url.ToString()));
    }
}
