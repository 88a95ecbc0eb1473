using System.Net;
using System.Net.WebSockets;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Channels;

/// <summary>
/// The WebSocket under a SignalR connection. When it fails, it reports a normal close and keeps the reason in <see cref="Fault"/>: SignalR's
/// transport discards what it received but had not yet dispatched when a socket ends with an exception.
/// </summary>
internal sealed class AgentWebSocket(ClientWebSocket socket) : WebSocket
{
    private static readonly TimeSpan Ping = TimeSpan.FromSeconds(15);

    private Exception? fault;
    private int messageBytes;

    /// <summary>Why the socket failed; null while it did not, and after a close by either side.</summary>
    public Exception? Fault => Volatile.Read(ref fault);

    public override WebSocketCloseStatus? CloseStatus => Fault is null ? socket.CloseStatus : WebSocketCloseStatus.NormalClosure;
    public override string? CloseStatusDescription => socket.CloseStatusDescription;
    public override WebSocketState State => socket.State;
    public override string? SubProtocol => socket.SubProtocol;

    /// <param name="http">Opens the connection: it knows the hub's addresses, the proxy and how the hub's certificate is checked.</param>
    /// <exception cref="HubRefusedException">The hub answered, but not with a socket.</exception>
    public static async Task<AgentWebSocket> ConnectAsync(Uri url, string accessToken, HttpMessageInvoker http, CancellationToken ct)
    {
        var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        socket.Options.KeepAliveInterval = Ping;
        socket.Options.SetRequestHeader("Authorization", "Bearer " + accessToken);
        try
        {
            await socket.ConnectAsync(url, http, ct);
            return new AgentWebSocket(socket);
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

    public override async ValueTask<ValueWebSocketReceiveResult> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            var received = await socket.ReceiveAsync(buffer, cancellationToken);
            messageBytes += received.Count;
            if (messageBytes > AgentRoutes.MaxMessageBytes)
                throw new InvalidDataException($"a message of more than {AgentRoutes.MaxMessageBytes} bytes");
            if (received.EndOfMessage)
                messageBytes = 0;
            return received;
        }
        catch (Exception e) when (e is WebSocketException or IOException or InvalidDataException)
        {
            Interlocked.CompareExchange(ref fault, e, null);
            socket.Abort();
            return new ValueWebSocketReceiveResult(0, WebSocketMessageType.Close, endOfMessage: true);
        }
    }

    public override async ValueTask SendAsync(ReadOnlyMemory<byte> buffer, WebSocketMessageType messageType, bool endOfMessage, CancellationToken cancellationToken)
    {
        try
        {
            await socket.SendAsync(buffer, messageType, endOfMessage, cancellationToken);
        }
        catch (Exception e) when (e is WebSocketException or IOException)
        {
            // What the hub sent before it went can still be received; that ends by itself.
            Interlocked.CompareExchange(ref fault, e, null);
        }
    }

    public override async Task<WebSocketReceiveResult> ReceiveAsync(ArraySegment<byte> buffer, CancellationToken cancellationToken)
    {
        var received = await ReceiveAsync(buffer.AsMemory(), cancellationToken);
        return new WebSocketReceiveResult(received.Count, received.MessageType, received.EndOfMessage, CloseStatus, CloseStatusDescription);
    }

    public override Task SendAsync(ArraySegment<byte> buffer, WebSocketMessageType messageType, bool endOfMessage, CancellationToken cancellationToken) =>
        SendAsync(buffer.AsMemory(), messageType, endOfMessage, cancellationToken).AsTask();

    public override Task CloseAsync(WebSocketCloseStatus closeStatus, string? statusDescription, CancellationToken cancellationToken) =>
        socket.CloseAsync(closeStatus, statusDescription, cancellationToken);

    public override Task CloseOutputAsync(WebSocketCloseStatus closeStatus, string? statusDescription, CancellationToken cancellationToken) =>
        socket.CloseOutputAsync(closeStatus, statusDescription, cancellationToken);

    public override void Abort() => socket.Abort();

    public override void Dispose() => socket.Dispose();
}
