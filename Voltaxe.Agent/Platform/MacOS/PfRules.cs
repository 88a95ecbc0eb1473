using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Voltaxe.Agent.Platform.Rules;

namespace Voltaxe.Agent.Platform.MacOS;

/// <summary>
/// The text of our pf anchor, and where the main ruleset names it. Every rule is `quick`, and the anchor comes before all other filter
/// rules: nothing behind it counts. Nothing keeps state: connections from before must not live on, and the hub's own must not depend on what pf remembers.
/// </summary>
internal static class PfRules
{
    public const string Anchor = "com.voltaxe";

    /// <summary>Counts what the agent tries in order to be refused.</summary>
    public const string Probe = "voltaxe-probe";

    private const string Reference = $"anchor \"{Anchor}\"";

    public static string ToText(Passage passage)
    {
        var text = new StringBuilder();
        void Line(string line) => text.Append(line).Append('\n');
        Line("pass quick on lo0 all no state");
        foreach (var hub in passage.Hubs)
        {
            var port = hub.Port.ToString(CultureInfo.InvariantCulture);
            Line($"pass out quick {Ip(hub.Address)} proto tcp from any to {hub.Address} port {port} user 0 no state");
            // No bare SYN: what begins over there is nothing that the agent asked for.
            Line($"pass in quick {Ip(hub.Address)} proto tcp from {hub.Address} port {port} to any flags A/A no state");
            Line($"pass in quick {Ip(hub.Address)} proto tcp from {hub.Address} port {port} to any flags R/R no state");
        }
        Line("pass out quick inet proto udp from any port 68 to any port 67 no state");
        Line("pass in quick inet proto udp from any port 67 to any port 68 no state");
        Line("pass out quick inet6 proto udp from any port 546 to any port 547 no state");
        Line("pass in quick inet6 proto udp from fe80::/10 port 547 to any port 546 no state");
        Line("pass out quick inet6 proto icmp6 all icmp6-type { 133, 135, 136 } no state");
        Line("pass in quick inet6 proto icmp6 all icmp6-type { 134, 135, 136 } no state");
        foreach (var allowed in passage.Allow)
        {
            Line($"pass out quick {Ip(allowed)} from any to {allowed} no state");
            Line($"pass in quick {Ip(allowed)} from {allowed} to any no state");
        }
        Line($"block return-rst out quick proto tcp from any to any port {BlockProbe.Port.ToString(CultureInfo.InvariantCulture)} label \"{Probe}\"");
        Line("block return quick all");
        return text.ToString();
    }

    /// <summary>The main filter rules, as `pfctl -s rules` prints them, with our anchor in front. Only scrub rules must come earlier.</summary>
    public static string With(string main)
    {
        var lines = Lines(Without(main));
        var scrub = lines.TakeWhile(IsScrub).ToList();
        return Text([.. scrub, $"{Reference} all", .. lines.Skip(scrub.Count)]);
    }

    /// <summary>The same without it.</summary>
    public static string Without(string main) => Text(Lines(main).Where(line => !IsOurs(line)));

    /// <summary>Whether our anchor is named at all.</summary>
    public static bool IsNamed(string main) => Lines(main).Any(IsOurs);

    /// <summary>Whether it is the first to decide.</summary>
    public static bool IsFirst(string main) => Lines(main).SkipWhile(IsScrub).FirstOrDefault() is { } first && IsOurs(first);

    /// <summary>Packets that the probe's rule has refused, from `pfctl -s labels`: label, evaluations, packets, and more.</summary>
    public static long Refused(string labels) => Lines(labels)
        .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Where(fields => fields.Length > 2 && fields[0] == Probe)
        .Sum(fields => long.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out var packets) ? packets : 0);

    private static IEnumerable<string> Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !string.IsNullOrWhiteSpace(line));

    private static string Text(IEnumerable<string> lines) => string.Concat(lines.Select(line => line + "\n"));

    private static bool IsOurs(string line) => line.TrimStart().StartsWith(Reference, StringComparison.Ordinal);

    private static bool IsScrub(string line) => line.TrimStart().StartsWith("scrub", StringComparison.Ordinal) || line.TrimStart().StartsWith("no scrub", StringComparison.Ordinal);

    private static string Ip(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6 ? "inet6" : "inet";

    private static string Ip(string addressOrNetwork) => addressOrNetwork.Contains(':') ? "inet6" : "inet";
}
