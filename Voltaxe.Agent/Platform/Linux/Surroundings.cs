using System.Net;
using System.Text.Json.Nodes;

namespace Voltaxe.Agent.Platform.Linux;

/// <summary>An interface that is guarded.</summary>
/// <param name="Wireless">A station of a wireless network, which speaks 802.1X to an access point's own address.</param>
/// <param name="CarriesMacsec">What passes here is encrypted, and could not be told apart.</param>
public sealed record GuardedLink(string Name, bool Ethernet, bool Wireless, bool CarriesMacsec);

/// <summary>What the host's network looks like now, as far as rules depend on it. Changes while a host is isolated, and is looked up again.</summary>
public sealed record Surroundings
{
    /// <summary>All interfaces but the loopback, except those in <see cref="NotGuarded"/>.</summary>
    public IReadOnlyList<GuardedLink> Guarded { get; init; } = [];

    /// <summary>Interfaces whose names cannot be written into a rule.</summary>
    public IReadOnlyList<string> NotGuarded { get; init; } = [];

    /// <summary>The Ethernet addresses of the host's interfaces.</summary>
    public IReadOnlyList<string> OwnMacs { get; init; } = [];

    /// <summary>A bridge of this host takes part in a spanning tree.</summary>
    public bool SpanningTree { get; init; }

    /// <summary>A point-to-point link that may be carried over Ethernet, and could not be told apart there.</summary>
    public bool Pppoe { get; init; }

    /// <summary>Networks that are directly attached, in canonical form, none inside another.</summary>
    public IReadOnlyList<string> OnLink { get; init; } = [];

    /// <summary>The Ethernet addresses through which a hub is reached. A hub that is missing here may be reached through any.</summary>
    public IReadOnlyDictionary<IPAddress, IReadOnlyList<string>> NextHops { get; init; } = new Dictionary<IPAddress, IReadOnlyList<string>>();

    /// <summary>Hubs behind an Ethernet interface whose next hop is not known.</summary>
    public IReadOnlyList<IPAddress> UnknownNextHops { get; init; } = [];

    /// <summary>Programs that see or send frames before or behind every rule: interfaces with an XDP program, AF_XDP sockets, tc classifiers, flow tables.</summary>
    public IReadOnlyList<string> PastTheRules { get; init; } = [];

    /// <summary>What this host has in use and an isolation cannot keep.</summary>
    public IReadOnlyList<string> NotKept { get; init; } = [];

    /// <summary>Reads the interfaces, as <c>ip -j -d link show</c> tells them.</summary>
    /// <param name="isWireless">Whether the interface of this name is a wireless one.</param>
    public static Surroundings OfLinks(JsonArray links, Func<string, bool> isWireless)
    {
        static string? Text(JsonNode? node) => node?.GetValue<string>();
        var all = links.OfType<JsonObject>().Where(l => Text(l["ifname"]) is not null && Text(l["link_type"]) != "loopback").OrderBy(l => Text(l["ifname"]), StringComparer.Ordinal).ToList();
        string? Kind(JsonObject link) => Text(link["linkinfo"]?["info_kind"]);
        var macsec = all.Where(l => Kind(l) == "macsec").Select(l => Text(l["link"])).ToHashSet();
        static bool IsPlain(string name) => name.All(c => char.IsAsciiLetterOrDigit(c) || "._-@".Contains(c, StringComparison.Ordinal));
        string Name(JsonObject link) => Text(link["ifname"])!;
        return new()
        {
            Guarded = [.. all.Where(l => IsPlain(Name(l))).Select(l => new GuardedLink(Name(l), Text(l["link_type"]) == "ether", isWireless(Name(l)), macsec.Contains(Name(l))))],
            NotGuarded = [.. all.Select(Name).Where(n => !IsPlain(n))],
            OwnMacs = [.. all.Where(l => Text(l["link_type"]) == "ether").Select(l => Text(l["address"])).OfType<string>().Where(IsMac).Distinct().Order(StringComparer.Ordinal)],
            SpanningTree = all.Exists(l => l["linkinfo"]?["info_data"]?["stp_state"]?.GetValue<int>() > 0),
            Pppoe = all.Exists(l => Text(l["link_type"]) == "ppp"),
            PastTheRules = [.. all.Where(l => l["xdp"] is not null).Select(l => $"an XDP program on {Name(l)}")],
            NotKept = [.. all.Where(l => Kind(l) is "wireguard" or "vxlan" or "gre" or "gretap" or "ip6gre" or "ipip" or "sit" or "ip6tnl" or "geneve" or "tun" or "xfrm" or "vti" && (Kind(l) != "tun" || Text(l["linkinfo"]?["info_data"]?["type"]) == "tun"))
                .Select(l => $"the tunnel {Name(l)} ({Kind(l)})")],
        };
    }

    /// <summary>Adds what the routes and neighbours say.</summary>
    /// <param name="routes">As <c>ip -j route show table all</c> tells them, both families.</param>
    /// <param name="neighbours">As <c>ip -j neigh show</c> tells them.</param>
    /// <param name="ways">For each hub the answer of <c>ip -j route get</c>; null where there is no route.</param>
    public Surroundings With(JsonArray routes, JsonArray neighbours, IReadOnlyDictionary<IPAddress, JsonObject?> ways)
    {
        var ethernet = Guarded.Where(l => l.Ethernet).Select(l => l.Name).ToHashSet(StringComparer.Ordinal);
        var macs = new Dictionary<IPAddress, List<string>>();
        foreach (var neighbour in neighbours.OfType<JsonObject>())
        {
            if (neighbour["lladdr"]?.GetValue<string>() is { } mac && IsMac(mac) && IPAddress.TryParse(neighbour["dst"]?.GetValue<string>(), out var address)
                && ethernet.Contains(neighbour["dev"]?.GetValue<string>() ?? ""))
                (macs.TryGetValue(address, out var known) ? known : macs[address] = []).Add(mac);
        }
        var gateways = routes.OfType<JsonObject>().SelectMany(r => (r["nexthops"]?.AsArray().OfType<JsonObject>() ?? []).Prepend(r)).Select(Gateway).OfType<IPAddress>().Distinct().ToList();
        var nextHops = new Dictionary<IPAddress, IReadOnlyList<string>>();
        var unknown = new List<IPAddress>();
        foreach (var (hub, way) in ways.OrderBy(w => w.Key.ToString(), StringComparer.Ordinal))
        {
            // Elsewhere there are no Ethernet addresses to ask for: a tunnel, a modem, this host itself.
            if (way is null || !ethernet.Contains(way["dev"]?.GetValue<string>() ?? ""))
                continue;
            var next = Gateway(way) ?? hub;
            if (macs.TryGetValue(next, out var direct))
                // A path of several next hops may take another tomorrow.
                nextHops[hub] = [.. direct.Concat(gateways.SelectMany(g => macs.GetValueOrDefault(g) ?? [])).Distinct().Order(StringComparer.Ordinal)];
            else
                unknown.Add(hub);
        }
        return this with
        {
            OnLink = Networks(routes, ethernet),
            NextHops = nextHops,
            UnknownNextHops = unknown,
            NotKept =
            [
                .. NotKept,
                .. routes.OfType<JsonObject>().Select(r => r["protocol"]?.GetValue<string>()).Where(p => p is "bgp" or "ospf" or "isis" or "rip" or "eigrp" or "babel" or "bird" or "zebra" or "openr")
                    .Distinct().Order(StringComparer.Ordinal).Select(p => $"routes learned by {p}"),
            ],
        };
    }

    /// <summary>A hub whose neighbour is being asked for is still reached where it was before.</summary>
    public Surroundings Remembering(Surroundings? before)
    {
        if (before is null)
            return this;
        var kept = UnknownNextHops.Where(before.NextHops.ContainsKey).ToList();
        return this with
        {
            NextHops = NextHops.Concat(kept.Select(h => KeyValuePair.Create(h, before.NextHops[h]))).ToDictionary(),
            UnknownNextHops = [.. UnknownNextHops.Except(kept)],
        };
    }

    private static IPAddress? Gateway(JsonObject route) =>
        IPAddress.TryParse(route["gateway"]?.GetValue<string>() ?? route["via"]?["host"]?.GetValue<string>(), out var gateway) ? gateway : null;

    private static IReadOnlyList<string> Networks(JsonArray routes, HashSet<string> ethernet)
    {
        var found = new List<IPNetwork>();
        foreach (var route in routes.OfType<JsonObject>())
        {
            if (route["type"]?.GetValue<string>() is not (null or "unicast") || Gateway(route) is not null || route["nexthops"] is not null || !ethernet.Contains(route["dev"]?.GetValue<string>() ?? ""))
                continue;
            var text = route["dst"]?.GetValue<string>() ?? "";
            if (!IPNetwork.TryParse(text.Contains('/') ? text : $"{text}/{(text.Contains(':') ? 128 : 32)}", out var network))
                continue;
            var v6 = network.BaseAddress.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6;
            // Nobody's link is half of the internet; and what is link-local has rules of its own.
            if (network.PrefixLength >= (v6 ? 32 : 8) && !network.BaseAddress.IsIPv6LinkLocal && !network.BaseAddress.IsIPv6Multicast)
                found.Add(network);
        }
        return [.. found.Where(n => !found.Exists(o => o != n && o.PrefixLength < n.PrefixLength && o.Contains(n.BaseAddress)))
            .Select(n => n.PrefixLength == (n.BaseAddress.GetAddressBytes().Length * 8) ? n.BaseAddress.ToString() : n.ToString()).Distinct().Order(StringComparer.Ordinal)];
    }

    private static bool IsMac(string text) => text.Length == 17 && text.Where((_, i) => i % 3 != 2).All(char.IsAsciiHexDigit) && text.Where((_, i) => i % 3 == 2).All(c => c == ':') && text != "00:00:00:00:00:00";
}
