using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Voltaxe.Agent.Platform.Linux;

/// <summary>Looks up what the rules depend on, with the programs ip and tc and in /proc.</summary>
/// <param name="ip">Where the program ip is, or null.</param>
/// <param name="tc">Where the program tc is, or null.</param>
/// <param name="nft">Where the program nft is, or null.</param>
public sealed class NetworkLook(Exec exec, string? ip, string? tc = null, string? nft = null)
{
    /// <exception cref="PlatformException">It cannot be looked up; the message says why.</exception>
    public async Task<Surroundings> TakeAsync(IReadOnlyList<IPAddress> hubs, CancellationToken ct)
    {
        var (links, routes) = await LinksAndRoutesAsync(ct);
        var ways = new Dictionary<IPAddress, JsonObject?>();
        foreach (var hub in hubs.Distinct())
            ways[hub] = (await TryListAsync(["route", "get", hub.ToString()], ct))?.OfType<JsonObject>().FirstOrDefault();
        return links.With(routes, await ListAsync(["neigh", "show"], ct), ways) with { PastTheRules = [.. links.PastTheRules, .. await PastTheRulesAsync(ct)] };
    }

    /// <summary>The networks that are directly attached; none when that cannot be looked up.</summary>
    public async Task<IReadOnlyList<string>> OnLinkAsync(CancellationToken ct)
    {
        try
        {
            var (links, routes) = await LinksAndRoutesAsync(ct);
            return links.With(routes, [], new Dictionary<IPAddress, JsonObject?>()).OnLink;
        }
        catch (PlatformException)
        {
            // Then only link-local addresses count as such. Why it cannot be looked up is said where the interfaces are guarded.
            return [];
        }
    }

    private async Task<(Surroundings Links, JsonArray Routes)> LinksAndRoutesAsync(CancellationToken ct)
    {
        if (ip is null)
            throw new PlatformException("not_available", "the program ip is not on this host");
        var links = Surroundings.OfLinks(await ListAsync(["-d", "link", "show"], ct), static name => Directory.Exists($"/sys/class/net/{name}/phy80211"));
        // Of all tables, and then of both families.
        var routes = await ListAsync(["route", "show", "table", "all"], ct);
        return (links, routes);
    }

    private async Task<IReadOnlyList<string>> PastTheRulesAsync(CancellationToken ct)
    {
        var found = new List<string>();
        // The kernel's own table of protocols: "XDP  1088  2 …" with the number of sockets in this namespace.
        var protocols = await TryAsync("cat", ["/proc/net/protocols"], ct);
        var xdp = protocols?.Split('\n').Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)).FirstOrDefault(w => w.Length > 2 && w[0] == "XDP");
        if (protocols is null)
            found.Add("AF_XDP sockets cannot be looked for: /proc/net/protocols is not readable");
        else if (xdp is not null && long.TryParse(xdp[2], NumberStyles.None, CultureInfo.InvariantCulture, out var sockets) && sockets > 0)
            found.Add($"{sockets} AF_XDP socket(s)");
        if (tc is null)
            found.Add("classifiers cannot be looked for: the program tc is not on this host");
        else if (await TryAsync(tc, ["-j", "qdisc", "show"], ct) is { } qdiscs && Parse(qdiscs) is { } list)
            found.AddRange(list.OfType<JsonObject>().Where(q => q["kind"]?.GetValue<string>() is "clsact" or "ingress").Select(q => $"tc classifiers on {q["dev"]}").Distinct());
        else
            found.Add("classifiers cannot be looked for: tc does not list them");
        if (nft is not null && await TryAsync(nft, ["list", "flowtables"], ct) is { } flows)
            found.AddRange(flows.Split('\n').Select(l => l.Trim()).Where(l => l.StartsWith("flowtable ", StringComparison.Ordinal)).Select(l => $"the flow table {l.Split(' ')[1]} of nftables"));
        return found;
    }

    private async Task<JsonArray> ListAsync(string[] what, CancellationToken ct) =>
        await TryListAsync(what, ct) ?? throw new PlatformException("not_available", $"ip {string.Join(' ', what)} does not answer");

    private async Task<JsonArray?> TryListAsync(string[] what, CancellationToken ct) => await TryAsync(ip!, ["-j", .. what], ct) is { } text ? Parse(text) : null;

    private async Task<string?> TryAsync(string program, string[] arguments, CancellationToken ct)
    {
        var ran = await exec.RunAsync(program, arguments, null, ct);
        return ran.ExitCode == 0 ? ran.Output : null;
    }

    /// <summary>ip writes nothing at all where there is nothing.</summary>
    private static JsonArray? Parse(string text)
    {
        try
        {
            return text.AsSpan().Trim().IsEmpty ? [] : JsonNode.Parse(text) as JsonArray;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
