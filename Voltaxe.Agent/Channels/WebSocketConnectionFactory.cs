using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Connections;

namespace Voltaxe.Agent.Channels;

/// <summary>Opens the WebSocket under a SignalR connection: no negotiation, the access token in the header, proxies as the environment has them.</summary>
/// <param name="http">Makes the connection, and knows where the hub is while names do not resolve.</param>
/// <param name="token">Asked anew for every connection.</param>
public sealed class WebSocketConnectionFactory(HttpMessageInvoker http, Func<CancellationToken, Task<string>> token) : IConnectionFactory
{
    private static readonly TimeSpan Ping = TimeSpan.FromSeconds(15);

    private volatile WebSocketConnection? last;

    /// <summary>Why the last connection failed; null while it did not, and when it was closed.</summary>
    public Exception? Fault => last?.Fault;

    /// <exception cref="HubRefusedException">The hub answered, but not with a socket.</exception>
    public async ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var access = await token(cancellationToken);
        var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        socket.Options.KeepAliveInterval = Ping;
        socket.Options.SetRequestHeader("Authorization", "Bearer " + access);
        try
        {
            await socket.ConnectAsync(((UriEndPoint)endpoint).Uri, http, cancellationToken);
            return last = new WebSocketConnection(socket);
        }
        catch (WebSocketException e) when (socket.HttpStatusCode is not 0 and not HttpStatusCode.SwitchingProtocols)
        {
            var status = socket.HttpStatusCode;
            socket.Dispose();
            throw new HubRefusedException(status, $"the socket was refused: {(int)status} {status}", e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
