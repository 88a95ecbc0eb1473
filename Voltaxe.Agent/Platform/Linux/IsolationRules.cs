using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Voltaxe.Agent.Platform.Rules;

namespace Voltaxe.Agent.Platform.Linux;

/// <summary>
/// The text of our one nftables table. Loaded in one piece, it replaces whatever was there of it; other tables are never touched.
/// Deliberately without `ct state established`: connections from before the isolation must not live on, and the hub's own must not
/// depend on what connection tracking remembers.
/// </summary>
/// <param name="Hubs">Where the hub is reached: every address and port, or the proxy's.</param>
/// <param name="Allow">Addresses and networks that stay reachable.</param>
/// <param name="AgentUser">The user id under which the agent runs: nobody else may speak to the hub.</param>
public sealed record IsolationRules(IReadOnlyList<IPEndPoint> Hubs, IReadOnlyList<string> Allow, uint AgentUser)
{
    public const string Family = "inet", Table = "voltaxe";

    /// <summary>Marks the rule that refuses what the agent tries in order to be refused.</summary>
    public const string Probe = "probe";

    /// <summary>The family of the chains that raw frames pass.</summary>
    public const string EgressFamily = "netdev";

    public const string EgressRemoval = $"table {EgressFamily} {Table}\ndelete table {EgressFamily} {Table}\n";

    /// <summary>Deletes our table, and works when it is not there.</summary>
    public const string Removal = $"table {Family} {Table}\ndelete table {Family} {Table}\n";

    public string ToText()
    {
        var text = new StringBuilder(Removal);
        void Line(string line) => text.Append(line).Append('\n');
        Line($"table {Family} {Table} {{");
        Line("  chain input {");
        Line("    type filter hook input priority -10; policy drop;");
        Line("    iif \"lo\" accept");
        foreach (var hub in Hubs)
            Line($"    {Ip(hub.Address)} saddr {hub.Address} tcp sport {Port(hub)} tcp flags & (fin | syn | rst | ack) != syn accept");
        Line("    udp sport 67 udp dport 68 accept");
        Line("    ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept");
        Line("    icmpv6 type { nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } ip6 hoplimit 255 accept");
        foreach (var allowed in Allow)
            Line($"    {Ip(allowed)} saddr {allowed} accept");
        Line("    meta l4proto tcp counter reject with tcp reset");
        Line("    counter drop");
        Line("  }");
        Line("  chain output {");
        Line("    type filter hook output priority -10; policy drop;");
        Line("    oif \"lo\" accept");
        foreach (var hub in Hubs)
            Line($"    {Ip(hub.Address)} daddr {hub.Address} tcp dport {Port(hub)} meta skuid {AgentUser.ToString(CultureInfo.InvariantCulture)} accept");
        Line("    udp sport 68 udp dport 67 accept");
        Line("    udp sport 546 udp dport 547 accept");
        Line("    icmpv6 type { nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert } ip6 hoplimit 255 accept");
        foreach (var allowed in Allow)
            Line($"    {Ip(allowed)} daddr {allowed} accept");
        Line("    tcp flags & (syn | rst) == rst accept");
        // Counted apart: connections that the agent itself has just closed end in the general rule, too.
        Line($"    tcp dport {BlockProbe.Port.ToString(CultureInfo.InvariantCulture)} counter reject with tcp reset comment \"{Probe}\"");
        Line("    meta l4proto tcp counter reject with tcp reset");
        Line("    counter drop");
        Line("  }");
        Line("  chain forward {");
        Line("    type filter hook forward priority -10; policy drop;");
        Line("    counter drop");
        Line("  }");
        Line("}");
        return text.ToString();
    }

    /// <summary>The same for what goes out at the interfaces, without asking who sends: raw frames have no owner.</summary>
    public string ToEgressText(IReadOnlyList<string> interfaces)
    {
        var text = new StringBuilder(EgressRemoval);
        void Line(string line) => text.Append(line).Append('\n');
        Line($"table {EgressFamily} {Table} {{");
        for (var i = 0; i < interfaces.Count; i++)
        {
            Line($"  chain egress{i.ToString(CultureInfo.InvariantCulture)} {{");
            Line($"    type filter hook egress device \"{interfaces[i]}\" priority -10; policy drop;");
            Line("    meta protocol arp accept");
            foreach (var hub in Hubs)
                Line($"    {Ip(hub.Address)} daddr {hub.Address} tcp dport {Port(hub)} accept");
            Line("    udp sport 68 udp dport 67 accept");
            Line("    udp sport 546 udp dport 547 accept");
            Line("    icmpv6 type { nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert } ip6 hoplimit 255 accept");
            foreach (var allowed in Allow)
                Line($"    {Ip(allowed)} daddr {allowed} accept");
            Line("    tcp flags & (syn | rst) == rst accept");
            Line("    counter drop");
            Line("  }");
        }
        Line("}");
        return text.ToString();
    }

    private static string Port(IPEndPoint hub) => hub.Port.ToString(CultureInfo.InvariantCulture);

    private static string Ip(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6 ? "ip6" : "ip";

    private static string Ip(string addressOrNetwork) => addressOrNetwork.Contains(':') ? "ip6" : "ip";
}
