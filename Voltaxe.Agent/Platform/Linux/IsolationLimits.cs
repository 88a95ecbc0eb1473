using System.Net;
using System.Text.Json.Nodes;

namespace Voltaxe.Agent.Platform.Linux;

/// <summary>What the result of an isolation says of its limits. Nothing of it is left to be found out.</summary>
internal static class IsolationLimits
{
    /// <summary>Where news say by which Ethernet addresses the hub is reached.</summary>
    public const string NextHops = "hub_next_hops";

    /// <summary>What a host loses with an isolation and may need one day, whatever it has in use.</summary>
    private static readonly string[] NeverKept =
    [
        "DHCPv4 renewal by unicast with a server that is not on the link (the lease is rebound by broadcast)",
        "ping, names (DNS) and time (NTP)",
        "switch protocols other than 802.1X, MKA, LACP, LLDP and the spanning tree (CDP, PVST, CFM)",
        "disks and file systems over the network, unless their servers are allowed",
    ];

    /// <summary>What still carries a few bytes, and how far.</summary>
    private static readonly string[] AlwaysOpen =
    [
        "hosts on the same link: ARP and neighbour discovery (at most 46 and 98 bytes a frame, 200 a second), DHCP (640 bytes, 30 a minute), IGMP and MLD reports (1,518 bytes, 4 a second)",
        "the other end of the cable: 802.1X, LACP and LLDP frames to group addresses that bridges do not forward",
        "anywhere: TCP resets without data (100 a second)",
        "what arrives at an interface can be read by programs that may open packet sockets",
        "what runs in the kernel itself (modules, BPF programs at tcx hooks) passes every rule and is not looked for",
    ];

    public static void Tell(JsonObject details, EgressChains.Ensured ensured)
    {
        if (ensured.WhyNot is { } rawFramesPass)
            details["raw_frames_not_blocked"] = rawFramesPass;
        details["not_kept"] = Texts([.. NeverKept, .. ensured.Around?.NotKept ?? []]);
        List<string> open = [.. AlwaysOpen];
        if (ensured.Around is { } around)
        {
            if (around.Guarded.Any(l => l.Wireless))
                open.Add("the access point: 802.1X frames to any station's address, which it does not pass on");
            if (around.Guarded.Any(l => l.CarriesMacsec))
                open.Add("interfaces that carry MACsec: encrypted frames, whoever wrote them");
            if (around.Pppoe)
                open.Add("PPPoE frames, whoever wrote them");
            if (around.UnknownNextHops.Count > 0)
                open.Add($"frames to {string.Join(", ", around.UnknownNextHops)} by any host of the link: the next hop is not known yet");
            if (around.PastTheRules.Count > 0)
                details["past_the_rules"] = Texts(around.PastTheRules);
        }
        details["stays_open"] = Texts(open);
    }

    /// <summary>The part that somebody on the host can change: news when it differs from what was told before.</summary>
    public static JsonObject Watched(EgressChains.Ensured ensured)
    {
        var watched = new JsonObject();
        if (ensured.WhyNot is { } why)
            watched["raw_frames_not_blocked"] = why;
        if (ensured.Around is { PastTheRules.Count: > 0 } around)
            watched["past_the_rules"] = Texts(around.PastTheRules);
        var hops = new JsonObject();
        foreach (var (hub, macs) in ensured.Around?.NextHops ?? new Dictionary<IPAddress, IReadOnlyList<string>>())
            hops[hub.ToString()] = Texts(macs);
        watched[NextHops] = hops;
        return watched;
    }

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(t => (JsonNode)t)]);
}
