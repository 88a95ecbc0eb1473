using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Voltaxe.Agent.Platform.Rules;

namespace Voltaxe.Agent.Platform.Linux;

/// <summary>
/// The IP packets that a host and its link exchange so that an address, a neighbour, a router, a multicast membership and a path of any MTU
/// stay known; as bodies of nftables rules. Each is bounded: to the link (hop limit, link-local or on-link addresses), in size, and in rate.
/// </summary>
internal static class LinkTraffic
{
    /// <summary>The names of the sets of networks that are directly attached. What they hold follows the host's routes.</summary>
    public const string OnLink4 = "onlink4", OnLink6 = "onlink6";

    /// <summary>At most so many bytes in a message of a DHCP client. Without a bound, options are a way to carry anything.</summary>
    private const int DhcpClientBytes = 640;

    /// <summary>What comes in. A receiver of raw frames sees everything anyway; these are for the host's own network stack.</summary>
    public static IEnumerable<string> In(IEnumerable<IPEndPoint> hubs, IEnumerable<string> allow)
    {
        // A server or relay on the link. One further away is asked by broadcast when its lease must be rebound, and answers through the relay.
        yield return "ip daddr 255.255.255.255 udp sport 67 udp dport 68 limit rate 60/minute burst 60 packets accept";
        yield return $"ip saddr @{OnLink4} udp sport 67 udp dport 68 limit rate 60/minute burst 60 packets accept";
        yield return "ip6 saddr fe80::/10 ip6 daddr fe80::/10 udp sport 547 udp dport 546 limit rate 60/minute burst 60 packets accept";
        yield return "ip6 saddr fe80::/10 ip6 hoplimit 255 icmpv6 type nd-router-advert accept";
        // A router on the way lowers the hop limit: 255 was sent by a neighbour.
        yield return "ip6 hoplimit 255 ip6 length <= 128 icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept";
        yield return "ip6 saddr fe80::/10 ip6 hoplimit 1 icmpv6 type mld-listener-query accept";
        yield return "ip protocol igmp ip ttl 1 @th,0,8 0x11 accept";
        foreach (var error in hubs.Select(ErrorAbout).Concat(allow.Select(ErrorAbout)))
            yield return $"{error} limit rate 20/second burst 100 packets accept";
    }

    /// <summary>What goes out.</summary>
    /// <param name="header">Bytes of a frame before its IP header, as this chain counts them.</param>
    public static IEnumerable<string> Out(IEnumerable<IPEndPoint> hubs, int header)
    {
        string AtMost(int bytes) => $"meta length <= {(bytes + header).ToString(CultureInfo.InvariantCulture)}";
        const string Solicit = "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert }", Often = "limit rate 200/second burst 400 packets accept";
        var dhcp = $"{AtMost(DhcpClientBytes)} limit rate 30/minute burst 30 packets accept";
        yield return $"ip daddr 255.255.255.255 udp sport 68 udp dport 67 {dhcp}";
        yield return $"ip daddr @{OnLink4} udp sport 68 udp dport 67 {dhcp}";
        yield return $"ip6 saddr fe80::/10 ip6 daddr ff02::1:2 udp sport 546 udp dport 547 {dhcp}";
        yield return $"ip6 hoplimit 255 ip6 daddr ff02::2 {AtMost(64)} icmpv6 type nd-router-solicit limit rate 20/minute burst 20 packets accept";
        // 24 bytes with the target, 8 for a link-layer address, 8 for the nonce of duplicate address detection.
        var neighbours = hubs.Where(h => h.AddressFamily == AddressFamily.InterNetworkV6).Select(h => h.Address.ToString()).Distinct();
        foreach (var to in neighbours.Prepend($"@{OnLink6}").Prepend("{ fe80::/10, ff02::/16 }"))
            yield return $"ip6 hoplimit 255 ip6 daddr {to} {AtMost(80)} {Solicit} {Often}";
        // Not bounded below the link's MTU: a report names all groups, and a switch forgets those it does not hear of.
        yield return "ip6 saddr { ::, fe80::/10 } ip6 hoplimit 1 ip6 daddr ff00::/8 "
            + $"icmpv6 type {{ mld-listener-report, mld-listener-done, mld2-listener-report }} {AtMost(1500)} limit rate 4/second burst 40 packets accept";
        yield return $"ip protocol igmp ip ttl 1 ip daddr 224.0.0.0/4 @th,0,8 {{ 0x12, 0x16, 0x17, 0x22 }} {AtMost(1500)} limit rate 4/second burst 40 packets accept";
        // Resets of the kernel: a bare header, or one with a time stamp, and nothing behind it.
        foreach (var (ip, bytes, headers) in ((string, int, string)[])[
            ("ip hdrlength 5 ip length 40", 40, "tcp doff 5"), ("ip hdrlength 5 ip length 52", 52, "tcp doff 8 @th,160,32 0x0101080a"),
            ("ip6 nexthdr tcp ip6 length 20", 60, "tcp doff 5"), ("ip6 nexthdr tcp ip6 length 32", 72, "tcp doff 8 @th,160,32 0x0101080a")])
            yield return $"{ip} {AtMost(bytes)} {headers} tcp flags & (fin | syn | rst | psh | urg) == rst limit rate 100/second burst 400 packets accept";
    }

    /// <summary>
    /// "Too big", "unreachable", "time exceeded" of any router, when what it quotes is one of the host's own TCP packets to the hub. Without
    /// them an upload stops where the path's MTU is smaller than the link's.
    /// </summary>
    private static string ErrorAbout(IPEndPoint hub) => hub.AddressFamily == AddressFamily.InterNetwork
        // The quoted header has no options (0x45), is of TCP (6), and the ports follow it.
        ? $"icmp type {{ destination-unreachable, time-exceeded }} @th,64,8 0x45 @th,136,8 6 @th,192,32 {Hex(hub.Address)} @th,240,16 {Port(hub)}"
        : $"icmpv6 type {{ destination-unreachable, packet-too-big, time-exceeded }} @th,112,8 6 @th,256,128 {Hex(hub.Address)} @th,400,16 {Port(hub)}";

    /// <summary>The same about anything sent to what the operator allows.</summary>
    private static string ErrorAbout(string allowed)
    {
        var network = Passage.Network(allowed);
        var v4 = network.BaseAddress.AddressFamily == AddressFamily.InterNetwork;
        var (type, quoted, at, bits) = v4
            ? ("icmp type { destination-unreachable, time-exceeded }", "@th,64,8 0x45", "@th,192,32", 32)
            : ("icmpv6 type { destination-unreachable, packet-too-big, time-exceeded }", "", "@th,256,128", 128);
        var value = Hex(network.BaseAddress);
        var target = network.PrefixLength == 0 ? "" : network.PrefixLength == bits ? $"{at} {value}" : $"{at} & {Mask(network.PrefixLength, bits)} == {value}";
        return string.Join(' ', new[] { type, quoted, target }.Where(part => part.Length > 0));
    }

    private static string Hex(IPAddress address) => "0x" + Convert.ToHexStringLower(address.GetAddressBytes());

    private static string Mask(int prefix, int bits) =>
        "0x" + string.Concat(Enumerable.Range(0, bits / 4).Select(i => (0xf0 >> Math.Clamp(prefix - i * 4, 0, 4) & 0xf).ToString("x", CultureInfo.InvariantCulture)));

    private static string Port(IPEndPoint hub) => hub.Port.ToString(CultureInfo.InvariantCulture);
}
