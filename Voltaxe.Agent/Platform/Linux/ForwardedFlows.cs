using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;

namespace Voltaxe.Agent.Platform.Linux;

/// <summary>
/// Connections that this host forwards for others, as connection tracking knows them. They are forgotten there, so that an address that was
/// translated leads nowhere any more; those whose ends are in no socket of this host (a virtual machine's) can be ended by nobody here, and are told.
/// </summary>
/// <param name="conntrack">Where the program conntrack is, or null.</param>
public sealed class ForwardedFlows(Exec exec, string? ip, string? conntrack)
{
    private const int Most = 500;

    internal sealed record Flow(IPEndPoint From, IPEndPoint To, IPEndPoint Answering);

    /// <param name="ended">Ends of connections whose sockets are gone.</param>
    /// <returns>What may go on after a restore, in words; null when nothing may.</returns>
    public async Task<string?> ForgetAsync(IReadOnlySet<IPEndPoint> ended, CancellationToken ct)
    {
        if (!await ForwardsAsync(ct))
            return null;
        if (conntrack is null || ip is null)
            return $"connections that this host forwards cannot be looked up: the program {(ip is null ? "ip" : "conntrack")} is not on it";
        var own = await OwnAddressesAsync(ct);
        var flows = new List<Flow>();
        foreach (var family in (string[])["ipv4", "ipv6"])
        {
            var listed = await exec.RunAsync(conntrack, ["-L", "-f", family, "-p", "tcp", "--state", "ESTABLISHED"], null, ct);
            if (listed.ExitCode != 0)
                return $"connections that this host forwards cannot be looked up: {listed.Error.Split('\n')[0]}";
            flows.AddRange(listed.Output.Split('\n').Select(Read).OfType<Flow>().Where(f => !own.Contains(f.From.Address) && !own.Contains(f.Answering.Address)));
        }
        foreach (var flow in flows.Take(Most))
            // One that has ended meanwhile is not found: nothing is missing then.
            await exec.RunAsync(conntrack, ["-D", "-f", flow.From.Address.ToString().Contains(':') ? "ipv6" : "ipv4", "-p", "tcp", "-s", flow.From.Address.ToString(), "-d", flow.To.Address.ToString(),
                "--sport", Port(flow.From), "--dport", Port(flow.To)], null, ct);
        var others = flows.Where(f => !ended.Contains(f.From) && !ended.Contains(f.Answering)).ToList();
        return others.Count == 0 ? null
            : $"{others.Count} connection(s) that this host forwards and that end in none of its sockets (virtual machines?), such as {others[0].From} to {others[0].To}: reset when they are used while isolated, else they may go on";
    }

    /// <summary><c>tcp 6 431999 ESTABLISHED src=… dst=… sport=… dport=… src=… dst=… sport=… dport=… …</c>: as it began, and as it is answered.</summary>
    internal static Flow? Read(string line)
    {
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(w => w.Split('=', 2)).Where(w => w.Length == 2).ToLookup(w => w[0], w => w[1]);
        IPEndPoint? End(string address, string port, int nth) =>
            IPAddress.TryParse(words[address].ElementAtOrDefault(nth), out var a) && ushort.TryParse(words[port].ElementAtOrDefault(nth), NumberStyles.None, CultureInfo.InvariantCulture, out var p) ? new(a, p) : null;
        return End("src", "sport", 0) is { } from && End("dst", "dport", 0) is { } to && End("src", "sport", 1) is { } answering ? new(from, to, answering) : null;
    }

    private static string Port(IPEndPoint end) => end.Port.ToString(CultureInfo.InvariantCulture);

    private async Task<bool> ForwardsAsync(CancellationToken ct)
    {
        // A file that is missing belongs to a family that the kernel has not.
        var ran = await exec.RunAsync("cat", ["/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv6/conf/all/forwarding"], null, ct);
        return ran.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Any(l => l.Trim() != "0");
    }

    private async Task<HashSet<IPAddress>> OwnAddressesAsync(CancellationToken ct)
    {
        var ran = await exec.RunAsync(ip!, ["-j", "addr", "show"], null, ct);
        if (ran.ExitCode != 0)
            throw new PlatformException("not_available", $"ip cannot list addresses: {ran.Error}");
        return [.. JsonNode.Parse(ran.Output)!.AsArray().SelectMany(l => l?["addr_info"]?.AsArray() ?? []).Select(a => a?["local"]?.GetValue<string>()).OfType<string>().Select(IPAddress.Parse)];
    }
}
