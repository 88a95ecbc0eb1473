using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Voltaxe.Testing.Network;

/// <summary>An HTTP proxy on a host of a segment, as companies have them: <c>CONNECT</c>, and requests that name their whole address.</summary>
public sealed class ForwardProxy : IAsyncDisposable
{
    private const int MaxHead = 16 * 1024;
    private readonly NetNamespace host;
    private readonly TcpListener listener;
    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentBag<Task> conversations = [];
    private readonly Task accepting;
    private long connections;

    public ForwardProxy(NetNamespace on)
    {
        host = on;
        listener = on.Run(() =>
        {
            var made = new TcpListener(on.V4, 0);
            made.Start();
            return made;
        });
        Url = new Uri($"http://{listener.LocalEndpoint}");
        accepting = AcceptAsync();
    }

    public Uri Url { get; }

    /// <summary>How many connections it carried on.</summary>
    public long Carried => Interlocked.Read(ref connections);

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Dispose();
        await accepting;
        await Task.WhenAll(conversations);
        stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                conversations.Add(CarryAsync(await listener.AcceptSocketAsync(stop.Token)));
        }
        catch (Exception end) when (stop.IsCancellationRequested && end is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Disposed.
        }
    }

    private async Task CarryAsync(Socket client)
    {
        using (client)
        {
            try
            {
                var head = await HeadAsync(client);
                var words = Encoding.ASCII.GetString(head).Split(' ', 3);
                var target = words[0] == "CONNECT" ? new Uri("http://" + words[1]) : new Uri(words[1]);
                using var server = await host.TryConnectAsync(IPAddress.Parse(target.Host.Trim('[', ']')), target.Port, TimeSpan.FromSeconds(10)) ?? throw new SocketException((int)SocketError.HostUnreachable);
                Interlocked.Increment(ref connections);
                if (words[0] == "CONNECT")
                    await client.SendAsync("HTTP/1.1 200 OK\r\n\r\n"u8.ToArray(), stop.Token);
                else
                    await server.SendAsync(head, stop.Token);
                // A connection that was carried to one server stays with it, which is all that the client of a test asks for.
                using var over = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
                await Task.WhenAny(PipeAsync(client, server, over.Token), PipeAsync(server, client, over.Token));
                await over.CancelAsync();
            }
            catch (Exception end) when (end is SocketException or OperationCanceledException or EndOfStreamException)
            {
                // One side went.
            }
        }
    }

    private async Task<byte[]> HeadAsync(Socket client)
    {
        var head = new List<byte>();
        var buffer = new byte[4096];
        while (head.Count < MaxHead)
        {
            var read = await client.ReceiveAsync(buffer, stop.Token);
            if (read == 0)
                throw new EndOfStreamException();
            head.AddRange(buffer.AsSpan(0, read));
            if (Encoding.ASCII.GetString([.. head]).Contains("\r\n\r\n", StringComparison.Ordinal))
                return [.. head];
        }
        throw new EndOfStreamException();
    }

    private static async Task PipeAsync(Socket from, Socket to, CancellationToken ct)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer, ct) is > 0 and var read)
                await to.SendAsync(buffer.AsMemory(0, read), ct);
        }
        catch (Exception end) when (end is SocketException or OperationCanceledException)
        {
            // One side went.
        }
    }
}
