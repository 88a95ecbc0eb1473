using System.Net;
using System.Text.Json.Nodes;
using Voltaxe.Agent.Platform.Linux;

namespace Voltaxe.Agent.Tests.Platform;

/// <summary>What is read out of the answers of ip.</summary>
public sealed class SurroundingsTests
{
    private static readonly Surroundings Links = new() { Guarded = [new("eth0", true, false, false), new("tun0", false, false, false)] };
    private static readonly IPAddress Near = IPAddress.Parse("10.0.0.9"), Far = IPAddress.Parse("192.0.2.7"), Far6 = IPAddress.Parse("2001:db8::7");

    [Fact]
    public void A_hub_is_reached_through_its_own_address_on_the_link_or_its_gateways_and_through_every_gateway_that_may_come_next()
    {
        var around = Links.With(
            Json("""[{"dst":"default","gateway":"10.0.0.1","dev":"eth0"},{"dst":"10.5.0.0/16","nexthops":[{"gateway":"10.0.0.2","dev":"eth0"},{"via":{"family":"inet6","host":"fe80::1"},"dev":"eth0"}]}]"""),
            Json("""
                [{"dst":"10.0.0.1","dev":"eth0","lladdr":"02:00:00:00:00:01","state":["STALE"]},{"dst":"10.0.0.2","dev":"eth0","lladdr":"02:00:00:00:00:02"},{"dst":"fe80::1","dev":"eth0","lladdr":"02:00:00:00:00:03"},
                 {"dst":"10.0.0.9","dev":"eth0","lladdr":"02:00:00:00:00:09"},{"dst":"10.0.0.66","dev":"eth0","lladdr":"02:00:00:00:00:66"},{"dst":"10.0.0.8","dev":"eth0","state":["FAILED"]}]
                """),
            new Dictionary<IPAddress, JsonObject?> { [Near] = Way("""{"dst":"10.0.0.9","dev":"eth0"}"""), [Far] = Way("""{"dst":"192.0.2.7","gateway":"10.0.0.1","dev":"eth0"}"""), [Far6] = null });
        Assert.Equal(["02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:00:03", "02:00:00:00:00:09"], around.NextHops[Near]);
        Assert.Equal(["02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:00:03"], around.NextHops[Far]);
        Assert.False(around.NextHops.ContainsKey(Far6));
        Assert.Empty(around.UnknownNextHops);
    }

    [Fact]
    public void A_neighbour_that_is_being_asked_for_is_where_it_was_and_one_never_seen_is_said()
    {
        var ways = new Dictionary<IPAddress, JsonObject?> { [Near] = Way("""{"dst":"10.0.0.9","dev":"eth0"}"""), [Far] = Way("""{"dst":"192.0.2.7","dev":"tun0"}""") };
        var before = Links.With([], Json("""[{"dst":"10.0.0.9","dev":"eth0","lladdr":"02:00:00:00:00:09"}]"""), ways);
        var asking = Links.With([], Json("""[{"dst":"10.0.0.9","dev":"eth0","state":["INCOMPLETE"]}]"""), ways);
        Assert.Equal([Near], asking.UnknownNextHops);
        Assert.Equal(["02:00:00:00:00:09"], asking.Remembering(before).NextHops[Near]);
        Assert.Empty(asking.Remembering(before).UnknownNextHops);
    }

    [Fact]
    public void Attached_are_the_networks_that_no_gateway_leads_to_none_inside_another_and_nobody_attaches_the_internet() => Assert.Equal(
        ["10.0.0.0/24", "10.7.0.4", "fd00:1::/64"],
        Links.With(
            Json("""
                [{"dst":"default","dev":"eth0"},{"dst":"10.0.0.0/24","dev":"eth0"},{"dst":"10.0.0.0/25","dev":"eth0"},{"dst":"10.7.0.4","dev":"eth0"},{"dst":"0.0.0.0/1","dev":"eth0"},{"dst":"10.9.0.0/16","dev":"tun0"},
                 {"dst":"10.8.0.0/16","gateway":"10.0.0.1","dev":"eth0"},{"type":"local","dst":"10.0.0.2","dev":"eth0"},{"type":"broadcast","dst":"10.0.0.255","dev":"eth0"},
                 {"dst":"fd00:1::/64","dev":"eth0"},{"dst":"fe80::/64","dev":"eth0"},{"type":"multicast","dst":"ff00::/8","dev":"eth0"},{"dst":"2000::/3","dev":"eth0"}]
                """), [], new Dictionary<IPAddress, JsonObject?>()).OnLink);

    [Fact]
    public void Routes_that_are_learned_from_other_routers_are_named_as_not_kept() =>
        Assert.Equal(["routes learned by bgp"], Links.With(Json("""[{"dst":"10.0.0.0/24","gateway":"10.0.0.1","dev":"eth0","protocol":"bgp"},{"dst":"10.1.0.0/24","dev":"eth0","protocol":"dhcp"}]"""),
            [], new Dictionary<IPAddress, JsonObject?>()).NotKept);

    private static JsonArray Json(string text) => JsonNode.Parse(text)!.AsArray();

    private static JsonObject Way(string text) => JsonNode.Parse(text)!.AsObject();
}
