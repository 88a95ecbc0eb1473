using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Voltaxe.Agent.Platform.Rules;

namespace Voltaxe.Agent.Platform.Windows;

/// <summary>
/// What our rules in the Windows firewall say. All of them block, with holes for what must pass: on Windows a rule that blocks beats every
/// rule that allows, also those of a group policy, while a default of "block" is beaten by any of the dozens of allowing rules that each
/// Windows has. So nobody else's rule or default is touched, and an isolation never opens what was closed.
/// </summary>
internal static class BlockRules
{
    /// <summary>In front of the names of our rules. No blank in it: it is an argument of netsh and a text to search for.</summary>
    public const string Prefix = "Voltaxe-isolation-";

    /// <summary>DHCP may be spoken between these ports; from and to others they are closed.</summary>
    private const string ButDhcpServers = "0-66,68-546,548-65535", ButDhcp4Client = "0-67,69-65535", ButDhcp6Client = "0-545,547-65535";

    /// <summary>Neighbours and routers are found there.</summary>
    private static readonly string[] Link = ["fe80::/10", "ff02::/16"];

    /// <summary>IGMP and what carries other packets: IP in IP, IPv6 in IPv4, GRE, ESP, AH, SCTP.</summary>
    private static readonly int[] Carriers = [2, 4, 41, 47, 50, 51, 132];

    /// <summary>For each rule what follows <c>netsh advfirewall firewall add rule</c>.</summary>
    public static IEnumerable<IReadOnlyList<string>> Of(Passage passage, string name) =>
        from what in WhatToBlock(passage)
        where !what.Contains("remoteip=")
        from direction in (string[])["out", "in"]
        select (IReadOnlyList<string>)[$"name={name}", $"dir={direction}", "action=block", "enable=yes", "profile=any", .. what];

    private static IEnumerable<string[]> WhatToBlock(Passage passage)
    {
        var networks = passage.Allow.Select(Passage.Network).ToList();
        var hubs = passage.Hubs.Select(h => h.Address.ToString()).Distinct().ToList();
        string[] allowAndHubs = [.. passage.Allow, .. hubs];
        yield return ["protocol=TCP", $"remoteip={AllBut(allowAndHubs)}"];
        foreach (var hub in passage.Hubs.GroupBy(h => h.Address).Where(h => !networks.Exists(n => n.Contains(h.Key))))
            yield return ["protocol=TCP", $"remoteip={hub.Key}", $"remoteport={PortsBut(hub.Select(h => h.Port))}"];
        yield return ["protocol=UDP", $"remoteip={AllBut(passage.Allow)}", $"remoteport={ButDhcpServers}"];
        yield return ["protocol=UDP", $"remoteip={AllBut(passage.Allow)}", "remoteport=67", $"localport={ButDhcp4Client}"];
        yield return ["protocol=UDP", $"remoteip={AllBut(passage.Allow)}", "remoteport=547", $"localport={ButDhcp6Client}"];
        yield return ["protocol=icmpv4", $"remoteip={AddressRanges.AllBut(AddressFamily.InterNetwork, passage.Allow)}"];
        // A hub on the same link is asked for its hardware address by its own.
        yield return ["protocol=icmpv6", $"remoteip={AddressRanges.AllBut(AddressFamily.InterNetworkV6, [.. allowAndHubs, .. Link])}"];
        foreach (var carrier in Carriers)
            yield return [string.Create(CultureInfo.InvariantCulture, $"protocol={carrier}"), $"remoteip={AllBut(passage.Allow)}"];
    }

    private static string AllBut(IReadOnlyList<string> holes) => string.Join(',',
        ((string[])[AddressRanges.AllBut(AddressFamily.InterNetwork, holes), AddressRanges.AllBut(AddressFamily.InterNetworkV6, holes)]).Where(r => r.Length > 0));

    internal static string PortsBut(IEnumerable<int> open)
    {
        var ranges = new List<string>();
        var next = 0;
        foreach (var port in open.Append(IPEndPoint.MaxPort + 1).Distinct().Order())
        {
            if (port > next)
                ranges.Add(port - 1 == next ? next.ToString(CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"{next}-{port - 1}"));
            next = port + 1;
        }
        return string.Join(',', ranges);
    }
}
