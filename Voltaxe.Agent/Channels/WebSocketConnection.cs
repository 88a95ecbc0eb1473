using System.IO.Pipelines;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Channels;

/// <summary>
/// A WebSocket as the two pipes that SignalR's client reads and writes. However the socket ends, the pipes end without an error: one would
/// reach the reader before what the hub said last.
/// </summary>
internal sealed class WebSocketConnection : ConnectionContext
{
    private const int ReadBytes = 4 * 1024;
    private static readonly TimeSpan ClosePatience = TimeSpan.FromSeconds(2);
    // A reader that waits for the end of the largest message must not stop the writer.
    private static readonly PipeOptions Buffers = new(pauseWriterThreshold: 3 * AgentRoutes.MaxMessageBytes, resumeWriterThreshold: 2 * AgentRoutes.MaxMessageBytes, useSynchronizationContext: false);

    private readonly WebSocket socket;
    private readonly IDuplexPipe application;
    private readonly CancellationTokenSource closed = new();
    private readonly Task pumps;
    private Exception? fault;

    public WebSocketConnection(WebSocket socket)
    {
        this.socket = socket;
        var toHub = new Pipe(Buffers);
        var fromHub = new Pipe(Buffers);
        Transport = new Duplex(fromHub.Reader, toHub.Writer);
        application = new Duplex(toHub.Reader, fromHub.Writer);
        pumps = Task.WhenAll(ReceiveAsync(), SendAsync());
    }

    public override string ConnectionId { get; set; } = Guid.NewGuid().ToString("N");
    public override IFeatureCollection Features { get; } = new FeatureCollection();
    public override IDictionary<object, object?> Items { get; set; } = new ConnectionItems();
    public override IDuplexPipe Transport { get; set; }
    public override CancellationToken ConnectionClosed => closed.Token;

    /// <summary>Why the socket failed; null while it did not, and when it was closed.</summary>
    public Exception? Fault => Volatile.Read(ref fault);

    public override void Abort(ConnectionAbortedException abortReason) => socket.Abort();

    public override async ValueTask DisposeAsync()
    {
        await Transport.Output.CompleteAsync();
        await Transport.Input.CompleteAsync();
        try
        {
            await pumps.WaitAsync(ClosePatience, TimeProvider.System);
        }
        catch (TimeoutException)
        {
            socket.Abort();
            await pumps;
        }
        socket.Dispose();
        closed.Dispose();
    }

    private async Task ReceiveAsync()
    {
        try
        {
            var messageBytes = 0;
            while (true)
            {
                var received = await socket.ReceiveAsync(application.Output.GetMemory(ReadBytes), CancellationToken.None);
                if (received.MessageType == WebSocketMessageType.Close)
                    break;
                messageBytes += received.Count;
                if (messageBytes > AgentRoutes.MaxMessageBytes)
                    throw new InvalidDataException($"a message of more than {AgentRoutes.MaxMessageBytes} bytes");
                if (received.EndOfMessage)
                    messageBytes = 0;
                application.Output.Advance(received.Count);
                if ((await application.Output.FlushAsync()).IsCompleted)
                    break;
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or InvalidDataException or ObjectDisposedException)
        {
            Failed(e);
            socket.Abort();
        }
        await application.Output.CompleteAsync();
        application.Input.CancelPendingRead();
        await closed.CancelAsync();
    }

    private async Task SendAsync()
    {
        try
        {
            while (true)
            {
                var read = await application.Input.ReadAsync();
                if (read.IsCanceled || read.IsCompleted && read.Buffer.IsEmpty)
                    break;
                var left = read.Buffer.Length;
                foreach (var part in read.Buffer)
                {
                    left -= part.Length;
                    await socket.SendAsync(part, WebSocketMessageType.Text, endOfMessage: left == 0, CancellationToken.None);
                }
                application.Input.AdvanceTo(read.Buffer.End);
            }
            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException or InvalidOperationException)
        {
            // What came before the hub went can still be received; that ends by itself.
            Failed(e);
        }
        await application.Input.CompleteAsync();
    }

    private void Failed(Exception why) => Interlocked.CompareExchange(ref fault, why, null);

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
