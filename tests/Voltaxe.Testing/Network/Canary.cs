using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Voltaxe.Testing.Network;

/// <summary>
/// A TCP server on a host of a segment that answers every byte with the same byte: who can speak to it is not isolated.
/// It counts what it heard, so that a test judges by what happened outside the product.
/// </summary>
public sealed class Canary : IAsyncDisposable
{
    private readonly TcpListener listener;
    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentBag<Task> conversations = [];
    private readonly Task accepting;
    private long bytesHeard, connections;

    public Canary(NetNamespace on, IPAddress? address = null)
    {
        listener = on.Run(() =>
        {
            var made = new TcpListener(address ?? on.V4, 0);
            made.Start();
            return made;
        });
        Address = ((IPEndPoint)listener.LocalEndpoint).Address;
        Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        accepting = AcceptAsync();
    }

    public IPAddress Address { get; }
    public int Port { get; }
    public long BytesHeard => Interlocked.Read(ref bytesHeard);
    public long Connections => Interlocked.Read(ref connections);

    /// <summary>Whether a host can open a new connection and gets an echo.</summary>
    public async Task<bool> AnswersAsync(NetNamespace from, TimeSpan? within = null)
    {
        using var socket = await from.TryConnectAsync(Address, Port, within ?? TimeSpan.FromSeconds(1));
        return socket is not null && await EchoesAsync(socket, within);
    }

    /// <summary>Whether a byte sent on an open connection comes back.</summary>
    public static async Task<bool> EchoesAsync(Socket on, TimeSpan? within = null)
    {
        using var patience = new CancellationTokenSource(within ?? TimeSpan.FromSeconds(1));
        try
        {
            var one = new byte[] { 0x2a };
            await on.SendAsync(one, patience.Token);
            return await on.ReceiveAsync(one, patience.Token) == 1;
        }
        catch (Exception failure) when (failure is SocketException or OperationCanceledException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        // The loop first: a listener that stops between two accepts would throw into it.
        await accepting;
        listener.Dispose();
        await Task.WhenAll(conversations);
        stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await listener.AcceptSocketAsync(stop.Token);
                Interlocked.Increment(ref connections);
                conversations.Add(EchoAsync(socket));
            }
        }
        catch (OperationCanceledException)
        {
            // Disposed: nobody is asked any more.
        }
    }

    private async Task EchoAsync(Socket socket)
    {
        using (socket)
        {
            var buffer = new byte[4096];
            try
            {
                while (await socket.ReceiveAsync(buffer, stop.Token) is > 0 and var read)
                {
                    Interlocked.Add(ref bytesHeard, read);
                    await socket.SendAsync(buffer.AsMemory(0, read), stop.Token);
                }
            }
            catch (Exception end) when (end is OperationCanceledException or SocketException)
            {
                // The other side was cut off, or the test is over.
            }
        }
    }
}
