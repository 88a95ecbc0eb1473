using Voltaxe.Agent.Configuration;
using Voltaxe.Agent.Enrolment;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Channels;

/// <summary>The real channels: SignalR over a WebSocket, and HTTP.</summary>
public sealed class HubChannels(HubDirectory directory, HttpClient http, SignIn signIn, Action<SyncReply> pushed, TimeProvider time) : IChannels
{
    public Task<Uri> ChooseAsync(CancellationToken ct) => directory.NearestAsync(ct);

    public async Task<ISocketChannel> OpenSocketAsync(Uri hub, CancellationToken ct) => await SocketChannel.ConnectAsync(hub, http, signIn, pushed, time, ct);

    public IHubChannel Polling(Uri hub) => new PollingChannel(http, signIn, hub);

    /// <summary>The client for everything that is said to a hub. Proxies are as the environment has them.</summary>
    /// <param name="trust">How the hub's certificate is checked; null: as the system does.</param>
    /// <param name="now">What certificates' dates are compared with; null: the clock of this host.</param>
    public static HttpClient MakeClient(HubAddresses addresses, HubTrust? trust = null, Func<DateTimeOffset>? now = null) => new(new SocketsHttpHandler
    {
        SslOptions = (trust ?? HubTrust.System).Options(now ?? TimeProvider.System.GetUtcNow),
        ConnectCallback = addresses.ConnectAsync,
        ConnectTimeout = TimeSpan.FromSeconds(10),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        UseCookies = false,
        AllowAutoRedirect = false,
    })
    {
        Timeout = TimeSpan.FromSeconds(75),
        MaxResponseContentBufferSize = AgentRoutes.MaxMessageBytes,
    };
}
