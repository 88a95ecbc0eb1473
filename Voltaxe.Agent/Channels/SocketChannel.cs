using System.Net;
using Microsoft.AspNetCore.Http.Connections;
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
    private readonly CancellationTokenSource closed = new();
    private AgentWebSocket? socket;
    private string? accessToken;

    private SocketChannel(Uri hub, HttpMessageInvoker http, SignIn signIn, Action<SyncReply> pushed)
    {
        Hub = hub;
        var builder = new HubConnectionBuilder().WithUrl(HubUrls.At(hub, AgentRoutes.Hub), options =>
        {
            options.Transports = HttpTransportType.WebSockets;
            options.SkipNegotiation = true;
            options.WebSocketFactory = async (context, ct) =>
                socket = await AgentWebSocket.ConnectAsync(context.Uri, accessToken = await signIn.TokenAsync(hub, ct), http, ct);
        });
        builder.AddJsonProtocol(o => o.PayloadSerializerOptions = WireJson.Default.Options);
        builder.WithServerTimeout(HubSilence);
        connection = builder.Build();
        connection.On<Envelope[]>(AgentRoutes.Execute, e => pushed(new SyncReply { HubTime = default, Commands = e }));
        connection.On<CancelOrder[]>(AgentRoutes.Cancel, c => pushed(new SyncReply { HubTime = default, Cancel = c }));
        connection.On<Ask[]>(AgentRoutes.Ask, a => pushed(new SyncReply { HubTime = default, Asks = a }));
        connection.Closed += e =>
        {
            // Without an error, or in the middle of a message: then the socket knows.
            ClosedWhy = (e is null or InvalidDataException ? socket?.Fault ?? e : e)?.Message;
            return closed.CancelAsync();
        };
    }

    public string Name => "push";

    public Uri Hub { get; }

    public CancellationToken Closed => closed.Token;

    public string? ClosedWhy { get; private set; }

    /// <param name="pushed">What the hub pushes: commands, cancels or asks, in the order of their coming.</param>
    /// <exception cref="HubRefusedException">The hub answered, but not with a socket.</exception>
    public static async Task<SocketChannel> ConnectAsync(Uri hub, HttpMessageInvoker http, SignIn signIn, Action<SyncReply> pushed, TimeProvider time, CancellationToken ct)
    {
        var channel = new SocketChannel(hub, http, signIn, pushed);
        using var limit = new CancellationTokenSource(ConnectPatience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        try
        {
            await channel.connection.StartAsync(either.Token);
            return channel;
        }
        catch (Exception e)
        {
            await channel.DisposeAsync();
            if (e is HubRefusedException { Status: HttpStatusCode.Unauthorized } && channel.accessToken is { } refused)
                signIn.Forget(refused);
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
            throw new IOException("the socket ended before the hub answered", socket?.Fault);
        }
    }

    public ValueTask DisposeAsync() => connection.DisposeAsync();
}
