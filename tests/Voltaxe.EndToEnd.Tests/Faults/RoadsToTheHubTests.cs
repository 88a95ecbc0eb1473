using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.EndToEnd.Tests.Product;
using Voltaxe.Testing;
using Voltaxe.Testing.Network;

namespace Voltaxe.EndToEnd.Tests.Faults;

/// <summary>However the way to the hub looks, an isolated host keeps that way and no other.</summary>
public sealed class RoadsToTheHubTests
{
    private const string Name = "hub.test";

    [NeedsFact(Needs.Root | Needs.NetNamespaces | Needs.Nft)]
    public async Task A_hub_that_has_only_an_IPv6_address_stays_in_reach()
    {
        using var segment = new NetSegment();
        var (hubHost, agentHost, elsewhere) = (segment.AddHost(), segment.AddHost(), segment.AddHost());
        await using var site = await Site.StartAsync(hubHost, ListenOn($"http://[{hubHost.V6}]:8080"));
        agentHost.Ip("addr", "flush", "dev", "eth0", "scope", "global");
        agentHost.Ip("addr", "add", $"{agentHost.V6}/64", "dev", "eth0", "nodad");
        var agent = await site.StartAgentAsync("web-01", agentHost, dryRun: false);
        await using var canary = new Canary(elsewhere, elsewhere.V6);
        Assert.True(await canary.AnswersAsync(agentHost, Eventually.Patience));

        await IsolatedAsync(site, canary, agentHost);
        Assert.True(await agentHost.CanReachAsync(hubHost.V6, 8080, Eventually.Patience));
        // Who is where on the segment is forgotten: neighbours must be found again through the rules.
        agentHost.Ip("neigh", "flush", "all");
        hubHost.Ip("neigh", "flush", "all");
        await RestoredAsync(site, canary, agentHost);
        Assert.DoesNotContain("The socket is lost", agent.Process.Output, StringComparison.Ordinal);
    }

    [NeedsFact(Needs.Root | Needs.NetNamespaces | Needs.Nft)]
    public async Task A_hub_whose_name_has_addresses_of_both_families_stays_in_reach_over_both()
    {
        using var segment = new NetSegment();
        var (hubHost, agentHost, elsewhere) = (segment.AddHost(), segment.AddHost(), segment.AddHost());
        await using var site = await Site.StartAsync(hubHost, ListenOn($"http://{hubHost.V4}:8080;http://[{hubHost.V6}]:8080"));
        agentHost.Knows(Name, hubHost.V6, hubHost.V4);
        var agent = await site.EnrolAsync("web-01", agentHost, dryRun: false, through: new Uri($"http://{Name}:8080"));
        agent.Start();
        await site.LiveAsync("web-01");
        await using var canary = new Canary(elsewhere);

        await IsolatedAsync(site, canary, agentHost);
        Assert.True(await agentHost.CanReachAsync(hubHost.V4, 8080, Eventually.Patience), "over IPv4");
        Assert.True(await agentHost.CanReachAsync(hubHost.V6, 8080, Eventually.Patience), "over IPv6");
        // The road that it uses is closed; it takes the other one, although no name resolves any more.
        hubHost.Tool("nft", "add", "table", "ip6", "closed");
        hubHost.Tool("nft", "add", "chain", "ip6", "closed", "in", "{ type filter hook input priority 0; policy accept; }");
        hubHost.Tool("nft", "add", "rule", "ip6", "closed", "in", "tcp", "dport", "8080", "reject", "with", "tcp", "reset");
        await RestoredAsync(site, canary, agentHost);
    }

    [NeedsFact(Needs.Root | Needs.NetNamespaces | Needs.Nft)]
    public async Task Broken_names_prevent_no_isolation_connected_or_not_before_and_after_a_restart_of_the_agent()
    {
        using var segment = new NetSegment();
        var (hubHost, agentHost, elsewhere) = (segment.AddHost(), segment.AddHost(), segment.AddHost());
        await using var site = await Site.StartAsync(hubHost, ListenOn($"http://{hubHost.V4}:8080"));
        agentHost.Knows(Name, hubHost.V4);
        var agent = await site.EnrolAsync("web-01", agentHost, dryRun: false, through: new Uri($"http://{Name}:8080"));
        agent.Start();
        await site.LiveAsync("web-01");
        await using var canary = new Canary(elsewhere);

        // No name any more, and nobody to ask: connected, it is isolated all the same.
        agentHost.Knows("nobody.test", hubHost.V4);
        await IsolatedAsync(site, canary, agentHost);
        await RestoredAsync(site, canary, agentHost);
        // A wrong address for the name, and an agent that has just started.
        await agent.KillAsync();
        agentHost.Knows(Name, elsewhere.V4);
        agent.Start();
        await site.LiveAsync("web-01");
        await IsolatedAsync(site, canary, agentHost);
        await RestoredAsync(site, canary, agentHost);
        // No name, an agent that has just started, and an order that came while it was away.
        await agent.KillAsync();
        agentHost.Knows("nobody.test", hubHost.V4);
        agent.Start();
        await site.LiveAsync("web-01");
        await IsolatedAsync(site, canary, agentHost);
    }

    [NeedsFact(Needs.Root | Needs.NetNamespaces | Needs.Nft)]
    public async Task Behind_a_proxy_the_proxy_is_the_only_way_that_stays()
    {
        using var segment = new NetSegment();
        var (hubHost, agentHost, proxyHost, elsewhere) = (segment.AddHost(), segment.AddHost(), segment.AddHost(), segment.AddHost());
        await using var site = await Site.StartAsync(hubHost);
        await using var proxy = new ForwardProxy(proxyHost);
        var agent = await site.EnrolAsync("web-01", agentHost, dryRun: false);
        agent.Start(environment: new Dictionary<string, string?> { ["HTTP_PROXY"] = proxy.Url.ToString(), ["http_proxy"] = proxy.Url.ToString() });
        await site.LiveAsync("web-01");
        Assert.True(proxy.Carried > 0, "the agent speaks through the proxy");
        await using var canary = new Canary(elsewhere);

        await IsolatedAsync(site, canary, agentHost);
        Assert.True(await agentHost.CanReachAsync(proxyHost.V4, proxy.Url.Port, Eventually.Patience), "the proxy is in reach");
        Assert.False(await agentHost.CanReachAsync(hubHost.V4, site.Hub.Url.Port), "the hub itself is not");
        await RestoredAsync(site, canary, agentHost);
    }

    private static async Task IsolatedAsync(Site site, Canary canary, NetNamespace host)
    {
        var order = await site.Operator.QueueAsync("web-01", CommandNames.NetworkIsolate);
        var end = await site.Operator.UntilAsync(order.Id, Site.Patience, CommandStatus.Executed);
        Assert.True(end.VerifiedAt is not null, $"{end.Result?.Message} {end.Result?.Data}");
        Assert.False(await canary.AnswersAsync(host), "isolated: nobody else is in reach");
        await Eventually.TrueAsync(async () => (await site.Operator.AgentAsync("web-01")).Containment == Containment.Isolated, Site.Patience);
    }

    private static async Task RestoredAsync(Site site, Canary canary, NetNamespace host)
    {
        var order = await site.Operator.QueueAsync("web-01", CommandNames.NetworkRestore);
        await site.Operator.UntilAsync(order.Id, Site.Patience, CommandStatus.Executed);
        Assert.True(await canary.AnswersAsync(host, Eventually.Patience), "restored: others are in reach again");
    }

    private static Dictionary<string, string?> ListenOn(string url) => new() { [HubProcess.UrlsVariable] = url };
}
