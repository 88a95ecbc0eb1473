using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Voltaxe.Agent.Platform.Rules;

namespace Voltaxe.Agent.Platform.Linux;

/// <summary>
/// The text of our nftables table. Loaded in one piece, it replaces whatever was there of it; other tables are never touched.
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

    /// <summary>Deletes our table, and works when it is not there.</summary>
    public const string Removal = $"table {Family} {Table}\ndelete table {Family} {Table}\n";

    /// <param name="onLink">Networks that are directly attached now; no two of them overlap.</param>
    public string ToText(IReadOnlyList<string> onLink)
    {
        var text = new StringBuilder(Removal);
        void Line(string line) => text.Append(line).Append('\n');
        void Rules(IEnumerable<string> rules)
        {
            foreach (var rule in rules)
                Line("    " + rule);
        }
        Line($"table {Family} {Table} {{");
        text.Append(SetsOf(onLink));
        Line("  chain input {");
        Line("    type filter hook input priority -10; policy drop;");
        Line("    iif \"lo\" accept");
        Rules(Hubs.Select(hub => $"{Ip(hub.Address)} saddr {hub.Address} tcp sport {Port(hub)} tcp flags & (fin | syn | rst | ack) != syn accept"));
        Rules(LinkTraffic.In(Hubs, Allow));
        Rules(Allow.Select(allowed => $"{Ip(allowed)} saddr {allowed} accept"));
        Line("    meta l4proto tcp counter reject with tcp reset");
        Line("    counter drop");
        Line("  }");
        Line("  chain output {");
        Line("    type filter hook output priority -10; policy drop;");
        Line("    oif \"lo\" accept");
        Rules(Hubs.Select(hub => $"{Ip(hub.Address)} daddr {hub.Address} tcp dport {Port(hub)} meta skuid {AgentUser.ToString(CultureInfo.InvariantCulture)} accept"));
        Rules(LinkTraffic.Out(Hubs, header: 0));
        Rules(Allow.Select(allowed => $"{Ip(allowed)} daddr {allowed} accept"));
        // Counted apart: connections that the agent itself has just closed end in the general rule, too.
        Line($"    tcp dport {BlockProbe.Port.ToString(CultureInfo.InvariantCulture)} counter reject with tcp reset comment \"{Probe}\"");
        Line("    meta l4proto tcp counter reject with tcp reset");
        Line("    counter drop");
        Line("  }");
        Line("  chain forward {");
        Line("    type filter hook forward priority -10; policy drop;");
        // Ends what virtual machines and containers have open as soon as it is used: nobody here can close their sockets for them.
        Line("    meta l4proto tcp counter reject with tcp reset");
        Line("    counter drop");
        Line("  }");
        Line("}");
        return text.ToString();
    }

    /// <summary>Exchanges what the sets hold, in one piece. Nothing else of the table changes.</summary>
    public static string ToUpdate(IReadOnlyList<string> onLink)
    {
        var text = new StringBuilder();
        foreach (var (set, elements) in Sets(onLink))
        {
            text.Append(CultureInfo.InvariantCulture, $"flush set {Family} {Table} {set}\n");
            if (elements.Count > 0)
                text.Append(CultureInfo.InvariantCulture, $"add element {Family} {Table} {set} {{ {string.Join(", ", elements)} }}\n");
        }
        return text.ToString();
    }

    /// <summary>The declaration of the sets, for a table of any family.</summary>
    internal static string SetsOf(IReadOnlyList<string> onLink)
    {
        var text = new StringBuilder();
        foreach (var (set, elements) in Sets(onLink))
        {
            text.Append(CultureInfo.InvariantCulture, $"  set {set} {{\n    type {(set == LinkTraffic.OnLink4 ? "ipv4_addr" : "ipv6_addr")}; flags interval;\n");
            if (elements.Count > 0)
                text.Append(CultureInfo.InvariantCulture, $"    elements = {{ {string.Join(", ", elements)} }}\n");
            text.Append("  }\n");
        }
        return text.ToString();
    }

    internal static string Port(IPEndPoint hub) => hub.Port.ToString(CultureInfo.InvariantCulture);

    internal static string Ip(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6 ? "ip6" : "ip";

    internal static string Ip(string addressOrNetwork) => addressOrNetwork.Contains(':') ? "ip6" : "ip";

    private static (string Set, IReadOnlyList<string> Elements)[] Sets(IReadOnlyList<string> onLink) =>
        [(LinkTraffic.OnLink4, [.. onLink.Where(n => !n.Contains(':'))]), (LinkTraffic.OnLink6, [.. onLink.Where(n => n.Contains(':'))])];
}
