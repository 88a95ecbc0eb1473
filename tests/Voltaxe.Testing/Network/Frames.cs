using System.Buffers.Binary;
using System.Net;

namespace Voltaxe.Testing.Network;

/// <summary>Frames and packets of a test, made by hand. Checksums are right where a router or a receiver asks for them.</summary>
public static class Frames
{
    public const byte Icmp = 1, Igmp = 2, Tcp = 6, Udp = 17, Ip6 = 41, Gre = 47, Icmp6 = 58, Sctp = 132;

    public static readonly byte[] Everybody = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff];

    public static byte[] Ethernet(byte[] to, byte[] from, ushort type, params byte[][] rest) => [.. to, .. from, .. U16(type), .. rest.SelectMany(r => r)];

    /// <summary>An IPv4 or IPv6 packet, by its addresses.</summary>
    public static byte[] Ip(IPAddress from, IPAddress to, byte protocol, byte[] payload, byte hops = 64)
    {
        if (from.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6)
            return [0x60, 0, 0, 0, .. U16((ushort)payload.Length), protocol, hops, .. from.GetAddressBytes(), .. to.GetAddressBytes(), .. payload];
        byte[] header = [0x45, 0, .. U16((ushort)(20 + payload.Length)), 0, 1, 0, 0, hops, protocol, 0, 0, .. from.GetAddressBytes(), .. to.GetAddressBytes()];
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(10), Checksum(header));
        return [.. header, .. payload];
    }

    public static ushort TypeOf(IPAddress address) => address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? (ushort)0x86dd : (ushort)0x0800;

    /// <summary>Without a checksum.</summary>
    public static byte[] UdpOf(int from, int to, byte[] payload) => [.. U16((ushort)from), .. U16((ushort)to), .. U16((ushort)(8 + payload.Length)), 0, 0, .. payload];

    /// <summary>Without a checksum.</summary>
    public static byte[] TcpOf(int from, int to, byte flags, byte[] payload) => [.. U16((ushort)from), .. U16((ushort)to), 0, 0, 0, 1, 0, 0, 0, 0, 0x50, flags, 0, 0, 0, 0, 0, 0, .. payload];

    /// <summary>An ICMPv6 message to the address given, with its checksum.</summary>
    public static byte[] Icmp6Of(IPAddress from, IPAddress to, byte type, byte code, byte[] body)
    {
        byte[] message = [type, code, 0, 0, .. body];
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(2), Checksum([.. from.GetAddressBytes(), .. to.GetAddressBytes(), 0, 0, .. U16((ushort)message.Length), 0, 0, 0, Icmp6, .. message]));
        return message;
    }

    private static byte[] U16(ushort value) => [(byte)(value >> 8), (byte)value];

    private static ushort Checksum(ReadOnlySpan<byte> bytes)
    {
        var sum = 0u;
        for (var i = 0; i < bytes.Length; i++)
            sum += (uint)(bytes[i] << (i % 2 == 0 ? 8 : 0));
        while (sum >> 16 != 0)
            sum = (sum & 0xffff) + (sum >> 16);
        return (ushort)~sum;
    }
}
