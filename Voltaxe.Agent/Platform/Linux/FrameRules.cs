using System.Globalization;
using System.Text;

namespace Voltaxe.Agent.Platform.Linux;

/// <summary>
/// The text of the table `netdev voltaxe`: what passes an interface, whoever sends it. Raw frames have no owner and pass no other chain.
/// Outwards every interface but the loopback; inwards only what is not for this host itself (that the table `inet voltaxe` judges), but for
/// a container or virtual machine that shares the interface.
/// </summary>
internal static class FrameRules
{
    public const string Family = "netdev";

    public const string Removal = $"table {Family} {IsolationRules.Table}\ndelete table {Family} {IsolationRules.Table}\n";

    /// <summary>An Ethernet header and a VLAN's tag.</summary>
    private const int FrameHeader = 18;

    private const string EtherType = "@ll,96,16", TaggedType = "@ll,128,16";

    /// <summary>Each in a rule of its own: nft 1.0.6 writes a set of raw 16-bit values in the machine's byte order, and it matches nothing.</summary>
    private static readonly string[] Tags = ["0x8100", "0x88a8"];

    public static string ToText(IsolationRules rules, Surroundings around)
    {
        var text = new StringBuilder(Removal);
        void Line(string line) => text.Append(line).Append('\n');
        void Chain(string name, IEnumerable<string> body)
        {
            Line($"  chain {name} {{");
            foreach (var rule in body)
                Line("    " + rule);
            Line("  }");
        }
        Line($"table {Family} {IsolationRules.Table} {{");
        text.Append(IsolationRules.SetsOf(around.OnLink));
        Chain("packets_out", HubOut(rules, around).Concat(PacketsOut(rules)));
        Chain("packets_out_bare", HubOut(rules, null).Concat(PacketsOut(rules)));
        Chain("frames_out", FramesOut(around));
        Chain("frames_in", FramesIn(rules, around));
        for (var i = 0; i < around.Guarded.Count; i++)
        {
            var link = around.Guarded[i];
            var number = i.ToString(CultureInfo.InvariantCulture);
            Chain("egress" + number,
            [
                $"type filter hook egress device \"{link.Name}\" priority -10; policy drop;",
                // To an access point, 802.1X frames are addressed directly; it passes none of them on.
                .. link.Wireless ? ["ether type 0x888e ether daddr & 01:00:00:00:00:00 == 00:00:00:00:00:00 limit rate 20/second burst 100 packets accept"] : Array.Empty<string>(),
                .. link.CarriesMacsec ? ["ether type 0x88e5 accept"] : Array.Empty<string>(),
                link.Ethernet ? "jump frames_out" : "jump packets_out_bare",
                .. link.Ethernet ? Array.Empty<string>() : ["meta protocol arp meta length <= 100 limit rate 200/second burst 400 packets accept"],
                "counter drop",
            ]);
            if (link.Ethernet && around.OwnMacs.Count > 0)
                Chain("ingress" + number, [$"type filter hook ingress device \"{link.Name}\" priority -10; policy drop;", "jump frames_in", "counter drop"]);
        }
        Line("}");
        return text.ToString();
    }

    private static IEnumerable<string> HubOut(IsolationRules rules, Surroundings? around) => rules.Hubs.Select(hub =>
    {
        // Where the next hop is not known, the hub comes first: better a gap that is told than a host that nobody reaches.
        var macs = around?.NextHops.GetValueOrDefault(hub.Address) is { Count: > 0 } known ? $" ether daddr {{ {string.Join(", ", known)} }}" : "";
        // The Ethernet address last: asked first, nft would also ask whether the frame itself is of type IP, which one with a tag is not.
        return $"{IsolationRules.Ip(hub.Address)} daddr {hub.Address} tcp dport {IsolationRules.Port(hub)}{macs} accept";
    });

    private static IEnumerable<string> PacketsOut(IsolationRules rules) =>
        LinkTraffic.Out(rules.Hubs, FrameHeader).Concat(rules.Allow.Select(allowed => $"{IsolationRules.Ip(allowed)} daddr {allowed} accept"));

    private static IEnumerable<string> FramesOut(Surroundings around)
    {
        // What keeps the link itself. Bridges do not forward these group addresses (IEEE 802.1D): only the other end of the cable gets them.
        yield return $"{EtherType} 0x888e ether daddr 01:80:c2:00:00:03 limit rate 20/second burst 100 packets accept";
        yield return $"{EtherType} 0x8809 ether daddr 01:80:c2:00:00:02 @ll,112,8 {{ 1, 2 }} meta length <= 142 limit rate 20/second burst 60 packets accept";
        yield return $"{EtherType} 0x88cc ether daddr {{ 01:80:c2:00:00:00, 01:80:c2:00:00:03, 01:80:c2:00:00:0e }} limit rate 20/minute burst 20 packets accept";
        if (around.SpanningTree)
            yield return "ether daddr 01:80:c2:00:00:00 @ll,112,16 0x4242 @ll,128,8 0x03 meta length <= 142 limit rate 20/second burst 60 packets accept";
        if (around.Pppoe)
            foreach (var type in (string[])["0x8863", "0x8864"])
                yield return $"{EtherType} {type} accept";
        const string Arp = "arp htype 1 arp ptype ip arp hlen 6 arp plen 4 arp operation { request, reply } meta length <= 46 limit rate 200/second burst 400 packets accept";
        yield return $"{EtherType} 0x0806 meta protocol arp {Arp}";
        foreach (var tag in Tags)
            yield return $"{EtherType} {tag} {TaggedType} 0x0806 meta protocol arp {Arp}";
        // Both are asked: the type that the kernel keeps of a raw frame is whatever its sender said.
        foreach (var (protocol, type) in ((string, string)[])[("ip", "0x0800"), ("ip6", "0x86dd")])
        {
            yield return $"{EtherType} {type} meta protocol {protocol} jump packets_out";
            // What a VLAN's own chain has let through comes by its parent with the tag beside it.
            foreach (var tag in Tags)
                yield return $"{EtherType} {tag} {TaggedType} {type} meta protocol {protocol} jump packets_out";
        }
    }

    private static IEnumerable<string> FramesIn(IsolationRules rules, Surroundings around)
    {
        if (around.OwnMacs.Count > 0)
            yield return $"ether daddr {{ {string.Join(", ", around.OwnMacs)} }} accept";
        yield return "@ll,0,40 0x0180c20000 accept";
        yield return "meta protocol arp accept";
        foreach (var rule in LinkTraffic.In([], []))
            yield return rule;
        foreach (var allowed in rules.Allow)
            yield return $"{IsolationRules.Ip(allowed)} saddr {allowed} accept";
    }
}
