using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;
using Voltaxe.Agent.Configuration;
using Voltaxe.Agent.Enrolment;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Channels;

/// <summary>Sync over a SignalR connection, and what the hub pushes over it.</summary>
public sealed class SocketChannel : ISocketChannel
{
    private static readonly TimeSpan HubSilence = TimeSpan.FromSeconds(30), ConnectPatience = TimeSpan.FromSeconds(15);

    private readonly HubConnection connection;
    private readonly WebSocketConnectionFactory sockets;
    private readonly CancellationTokenSource closed = new();

    private SocketChannel(HubConnection connection, WebSocketConnectionFactory sockets) => (this.connection, this.sockets) = (connection, sockets);

    public string Name => "push";

    public CancellationToken Closed => closed.Token;

    public string? ClosedWhy { get; private set; }

    /// <param name="pushed">What the hub pushes: commands, cancels or asks, in the order of their coming.</param>
    /// <exception cref="HubRefusedException">The hub answered, but not with a socket.</exception>
    public static async Task<SocketChannel> ConnectAsync(Uri hub, HttpMessageInvoker http, SignIn signIn, Action<SyncReply> pushed, TimeProvider time, CancellationToken ct)
    {
        string? used = null;
        var builder = new HubConnectionBuilder();
        var sockets = new WebSocketConnectionFactory(http, async c => used = await signIn.TokenAsync(hub, c));
        builder.Services.AddSingleton<IConnectionFactory>(sockets);
        builder.Services.AddSingleton<EndPoint>(new UriEndPoint(HubUrls.Socket(hub, AgentRoutes.Hub)));
        builder.AddJsonProtocol(o => o.PayloadSerializerOptions = WireJson.Default.Options);
        builder.WithServerTimeout(HubSilence);
        var connection = builder.Build();
        var channel = new SocketChannel(connection, sockets);
        connection.On<Envelope[]>(AgentRoutes.Execute, e => pushed(new SyncReply { HubTime = default, Commands = e }));
        connection.On<CancelOrder[]>(AgentRoutes.Cancel, c => pushed(new SyncReply { HubTime = default, Cancel = c }));
        connection.On<Ask[]>(AgentRoutes.Ask, a => pushed(new SyncReply { HubTime = default, Asks = a }));
        connection.Closed += e =>
        {
            // Without an error, or in the middle of a message: then the socket knows.
            channel.ClosedWhy = (e is null or InvalidDataException ? sockets.Fault ?? e : e)?.Message;
            return channel.closed.CancelAsync();
        };
        using var limit = new CancellationTokenSource(ConnectPatience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        try
        {
            await connection.StartAsync(either.Token);
            return channel;
        }
        catch (Exception e)
        {
            await connection.DisposeAsync();
            if (e is HubRefusedException { Status: HttpStatusCode.Unauthorized } && used is not null)
                signIn.Forget(used);
            if (e is OperationCanceledException && !ct.IsCancellationRequested)
                throw new TimeoutException($"no socket within {ConnectPatience.TotalSeconds:0} s", e);
            throw;
        }
    }

    public async Task<SyncReply> SyncAsync(SyncRequest request, Action sent, CancellationToken ct)
    {
        try
        {
            return await connection.InvokeAsync<SyncReply>(AgentRoutes.SyncMethod, request, ct);
        }
        catch (HubException e)
        {
            throw new HubRefusedException(null, e.Message, e);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new IOException("the socket ended before the hub answered", sockets.Fault);
        }
    }

    public ValueTask DisposeAsync() => connection.DisposeAsync();
}
