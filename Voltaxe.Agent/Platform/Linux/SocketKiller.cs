using System.Net;
using System.Net.Sockets;

namespace Voltaxe.Agent.Platform.Linux;

/// <summary>Ends TCP connections that the isolation does not allow: rules alone leave idle sessions in memory, and they would live on after a restore.</summary>
public sealed class SocketKiller(Exec exec, string? ss)
{
    /// <summary>What could not be ended, in words, or null when nothing is left.</summary>
    public async Task<string?> EndAllButAsync(IReadOnlyList<IPEndPoint> hubs, IReadOnlyList<string> allow, CancellationToken ct)
    {
        if (ss is null)
            return "the program ss is not on this host";
        var others = Others(hubs, allow);
        var ended = await exec.RunAsync(ss, ["-K", "-tnH", "state", "connected", others], null, ct);
        var left = await exec.RunAsync(ss, ["-tnH", "state", "connected", others], null, ct);
        if (left.ExitCode != 0)
            return $"ss cannot list connections: {left.Error}";
        // Connections that are only winding down have no owner any more and carry no data.
        var alive = left.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Count(l => !l.StartsWith("TIME-WAIT", StringComparison.Ordinal));
        return alive == 0 ? null : $"{alive} connection(s) remain{(ended.Error.Length > 0 ? $": {ended.Error.Split('\n')[0]}" : ", this kernel does not end them")}";
    }

    internal static string Others(IReadOnlyList<IPEndPoint> hubs, IReadOnlyList<string> allow)
    {
        // A rule for an IPv4 address matches sockets that carry it inside an IPv6 one, too.
        var kept = new List<string> { "dst 127.0.0.0/8", "dst [::1]" };
        kept.AddRange(hubs.Select(hub => $"dst {Text(hub.Address)}:{hub.Port}"));
        kept.AddRange(allow.Select(a => a.Contains(':') ? $"dst [{a}]" : $"dst {a}"));
        return $"not ( {string.Join(" or ", kept)} )";
    }

    private static string Text(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString();
}
