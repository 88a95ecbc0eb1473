using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace Voltaxe.Testing.Network;

/// <summary>Whole frames at one interface of a host (AF_PACKET): sends what it is given, past every output chain, and hears what passes there.</summary>
public sealed class FrameSocket : IAsyncDisposable
{
    /// <summary>Every type of frame (ETH_P_ALL).</summary>
    public const ushort All = 3;

    private const int AddressBytes = 20, PacketLevel = 263, IgnoreOutgoing = 23;

    private readonly Socket socket;
    private readonly EndPoint at;
    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentQueue<byte[]> heard = [];
    private readonly Task listening;

    /// <param name="type">The type of frames to hear, as an Ethernet header has it.</param>
    public FrameSocket(NetNamespace on, string device = "eth0", ushort type = All)
    {
        var link = JsonNode.Parse(on.Ip("-j", "link", "show", "dev", device))![0]!;
        Mac = Convert.FromHexString(link["address"]!.GetValue<string>().Replace(":", "", StringComparison.Ordinal));
        at = new LinkEndPoint(type, link["ifindex"]!.GetValue<int>());
        socket = on.Run(() =>
        {
            var made = new Socket(AddressFamily.Packet, SocketType.Raw, (ProtocolType)BinaryPrimitives.ReverseEndianness(type));
            made.SetRawSocketOption(PacketLevel, IgnoreOutgoing, [1, 0, 0, 0]);
            made.Bind(at);
            return made;
        });
        socket.ReceiveBufferSize = 4 * 1024 * 1024;
        listening = ListenAsync();
    }

    /// <summary>The interface's Ethernet address.</summary>
    public byte[] Mac { get; }

    /// <summary>What came in here; not what this host sent itself.</summary>
    public IReadOnlyCollection<byte[]> Heard => heard;

    /// <summary>False: the kernel did not let it out.</summary>
    public bool Send(byte[] frame)
    {
        try
        {
            return socket.Send(frame) == frame.Length;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>How often these bytes came in.</summary>
    public int Count(ReadOnlySpan<byte> bytes)
    {
        var count = 0;
        foreach (var frame in heard)
            count += frame.AsSpan().IndexOf(bytes) >= 0 ? 1 : 0;
        return count;
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        socket.Dispose();
        await listening;
        stop.Dispose();
    }

    private async Task ListenAsync()
    {
        var buffer = new byte[128 * 1024];
        try
        {
            while (true)
                heard.Enqueue(buffer[..await socket.ReceiveAsync(buffer, SocketFlags.None, stop.Token)]);
        }
        catch (Exception end) when (stop.IsCancellationRequested && end is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Disposed.
        }
    }

    /// <summary>sockaddr_ll: which frames of which interface.</summary>
    private sealed class LinkEndPoint(ushort type, int link) : EndPoint
    {
        public override AddressFamily AddressFamily => AddressFamily.Packet;

        public override SocketAddress Serialize()
        {
            var address = new SocketAddress(AddressFamily.Packet, AddressBytes);
            BinaryPrimitives.WriteUInt16BigEndian(address.Buffer.Span[2..], type);
            BinaryPrimitives.WriteInt32LittleEndian(address.Buffer.Span[4..], link);
            return address;
        }

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"link {link}, type {type:x4}");
    }
}
