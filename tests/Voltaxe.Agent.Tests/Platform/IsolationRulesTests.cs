using System.Net;
using Voltaxe.Agent.Platform.Linux;
using Voltaxe.Agent.Platform.Rules;

namespace Voltaxe.Agent.Tests.Platform;

public sealed class IsolationRulesTests
{
    [Fact]
    public void The_rules_are_these()
    {
        var rules = new IsolationRules([IPEndPoint.Parse("192.0.2.7:8080"), IPEndPoint.Parse("[2001:db8::7]:8080")], ["10.1.0.0/16", "2001:db8:1::/48"], 991);
        Assert.Equal("""
            table inet voltaxe
            delete table inet voltaxe
            table inet voltaxe {
              chain input {
                type filter hook input priority -10; policy drop;
                iif "lo" accept
                ip saddr 192.0.2.7 tcp sport 8080 tcp flags & (fin | syn | rst | ack) != syn accept
                ip6 saddr 2001:db8::7 tcp sport 8080 tcp flags & (fin | syn | rst | ack) != syn accept
                udp sport 67 udp dport 68 accept
                ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept
                icmpv6 type { nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } ip6 hoplimit 255 accept
                ip saddr 10.1.0.0/16 accept
                ip6 saddr 2001:db8:1::/48 accept
                meta l4proto tcp counter reject with tcp reset
                counter drop
              }
              chain output {
                type filter hook output priority -10; policy drop;
                oif "lo" accept
                ip daddr 192.0.2.7 tcp dport 8080 meta skuid 991 accept
                ip6 daddr 2001:db8::7 tcp dport 8080 meta skuid 991 accept
                udp sport 68 udp dport 67 accept
                udp sport 546 udp dport 547 accept
                icmpv6 type { nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert } ip6 hoplimit 255 accept
                ip daddr 10.1.0.0/16 accept
                ip6 daddr 2001:db8:1::/48 accept
                tcp flags & (syn | rst) == rst accept
                tcp dport 1 counter reject with tcp reset comment "probe"
                meta l4proto tcp counter reject with tcp reset
                counter drop
              }
              chain forward {
                type filter hook forward priority -10; policy drop;
                counter drop
              }
            }

            """, rules.ToText(["192.0.2.0/24", "2001:db8:5::/64"]));
    }

    [Fact]
    public void No_rule_lets_names_be_resolved_or_old_connections_live()
    {
        var text = new IsolationRules([IPEndPoint.Parse("192.0.2.7:8080")], [], 0).ToText([]);
        Assert.DoesNotContain("established", text, StringComparison.Ordinal);
        Assert.DoesNotContain(" 53 ", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10.1.2.3/16", "10.1.0.0/16")]
    [InlineData("10.1.2.3/32", "10.1.2.3")]
    [InlineData("192.168.77.5/29", "192.168.77.0/29")]
    [InlineData("2001:DB8::1/33", "2001:db8::/33")]
    [InlineData("::ffff:10.0.0.1", "10.0.0.1")]
    [InlineData("0.0.0.0/0", "0.0.0.0/0")]
    public void Networks_are_written_as_nft_takes_them(string given, string written) => Assert.Equal(written, RulesIsolation.Canonical(given));

    [Fact]
    public void The_digest_does_not_see_counters_and_handles_and_does_see_rules()
    {
        const string one = """{"nftables":[{"metainfo":{"version":"1"}},{"rule":{"handle":3,"expr":[{"counter":{"packets":0,"bytes":0}},{"drop":null}]}}]}""";
        const string same = """{"nftables":[{"metainfo":{"version":"2"}},{"rule":{"handle":9,"expr":[{"counter":{"packets":5,"bytes":400}},{"drop":null}]}}]}""";
        const string other = """{"nftables":[{"metainfo":{"version":"1"}},{"rule":{"handle":3,"expr":[{"counter":{"packets":0,"bytes":0}},{"accept":null}]}}]}""";
        Assert.Equal(Nft.Digest(one), Nft.Digest(same));
        Assert.NotEqual(Nft.Digest(one), Nft.Digest(other));
    }

    [Theory]
    [InlineData("CapEff:\t000001ffffffffff\n", true)]
    [InlineData("Name:\tx\nCapEff:\t0000000000001000\n", true)]
    [InlineData("CapEff:\t0000000000000000\n", false)]
    public void The_capability_to_set_rules_is_read_from_the_process(string status, bool has) => Assert.Equal(has, LinuxPlatform.HasCapability(status, 12));
}
