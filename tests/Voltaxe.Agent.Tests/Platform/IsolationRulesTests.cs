using System.Net;
using Voltaxe.Agent.Platform;
using Voltaxe.Agent.Platform.Linux;
using Voltaxe.Agent.Platform.Rules;
using Voltaxe.Testing;
using Voltaxe.Testing.Network;

namespace Voltaxe.Agent.Tests.Platform;

public sealed class IsolationRulesTests
{
    private static readonly IsolationRules Rules = new([IPEndPoint.Parse("192.0.2.7:8080"), IPEndPoint.Parse("[2001:db8::7]:8080")], ["10.1.0.0/16", "2001:db8:1::/48"], 991);

    [Fact]
    public void The_rules_are_these() => Assert.Equal("""
        table inet voltaxe
        delete table inet voltaxe
        table inet voltaxe {
          set onlink4 {
            type ipv4_addr; flags interval;
            elements = { 192.0.2.0/24 }
          }
          set onlink6 {
            type ipv6_addr; flags interval;
            elements = { 2001:db8:5::/64 }
          }
          chain input {
            type filter hook input priority -10; policy drop;
            iif "lo" accept
            ip saddr 192.0.2.7 tcp sport 8080 tcp flags & (fin | syn | rst | ack) != syn accept
            ip6 saddr 2001:db8::7 tcp sport 8080 tcp flags & (fin | syn | rst | ack) != syn accept
            ip daddr 255.255.255.255 udp sport 67 udp dport 68 limit rate 60/minute burst 60 packets accept
            ip saddr @onlink4 udp sport 67 udp dport 68 limit rate 60/minute burst 60 packets accept
            ip6 saddr fe80::/10 ip6 daddr fe80::/10 udp sport 547 udp dport 546 limit rate 60/minute burst 60 packets accept
            ip6 saddr fe80::/10 ip6 hoplimit 255 icmpv6 type nd-router-advert accept
            ip6 hoplimit 255 ip6 length <= 128 icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
            ip6 saddr fe80::/10 ip6 hoplimit 1 icmpv6 type mld-listener-query accept
            ip protocol igmp ip ttl 1 @th,0,8 0x11 accept
            icmp type { destination-unreachable, time-exceeded } @th,64,8 0x45 @th,136,8 6 @th,192,32 0xc0000207 @th,240,16 8080 limit rate 20/second burst 100 packets accept
            icmpv6 type { destination-unreachable, packet-too-big, time-exceeded } @th,112,8 6 @th,256,128 0x20010db8000000000000000000000007 @th,400,16 8080 limit rate 20/second burst 100 packets accept
            icmp type { destination-unreachable, time-exceeded } @th,64,8 0x45 @th,192,32 & 0xffff0000 == 0x0a010000 limit rate 20/second burst 100 packets accept
            icmpv6 type { destination-unreachable, packet-too-big, time-exceeded } @th,256,128 & 0xffffffffffff00000000000000000000 == 0x20010db8000100000000000000000000 limit rate 20/second burst 100 packets accept
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
            ip daddr 255.255.255.255 udp sport 68 udp dport 67 meta length <= 640 limit rate 30/minute burst 30 packets accept
            ip daddr @onlink4 udp sport 68 udp dport 67 meta length <= 640 limit rate 30/minute burst 30 packets accept
            ip6 saddr fe80::/10 ip6 daddr ff02::1:2 udp sport 546 udp dport 547 meta length <= 640 limit rate 30/minute burst 30 packets accept
            ip6 hoplimit 255 ip6 daddr ff02::2 meta length <= 64 icmpv6 type nd-router-solicit limit rate 20/minute burst 20 packets accept
            ip6 hoplimit 255 ip6 daddr { fe80::/10, ff02::/16 } meta length <= 80 icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } limit rate 200/second burst 400 packets accept
            ip6 hoplimit 255 ip6 daddr @onlink6 meta length <= 80 icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } limit rate 200/second burst 400 packets accept
            ip6 hoplimit 255 ip6 daddr 2001:db8::7 meta length <= 80 icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } limit rate 200/second burst 400 packets accept
            ip6 saddr { ::, fe80::/10 } ip6 hoplimit 1 ip6 daddr ff00::/8 icmpv6 type { mld-listener-report, mld-listener-done, mld2-listener-report } meta length <= 1500 limit rate 4/second burst 40 packets accept
            ip protocol igmp ip ttl 1 ip daddr 224.0.0.0/4 @th,0,8 { 0x12, 0x16, 0x17, 0x22 } meta length <= 1500 limit rate 4/second burst 40 packets accept
            ip hdrlength 5 ip length 40 meta length <= 40 tcp doff 5 tcp flags & (fin | syn | rst | psh | urg) == rst limit rate 100/second burst 400 packets accept
            ip hdrlength 5 ip length 52 meta length <= 52 tcp doff 8 @th,160,32 0x0101080a tcp flags & (fin | syn | rst | psh | urg) == rst limit rate 100/second burst 400 packets accept
            ip6 nexthdr tcp ip6 length 20 meta length <= 60 tcp doff 5 tcp flags & (fin | syn | rst | psh | urg) == rst limit rate 100/second burst 400 packets accept
            ip6 nexthdr tcp ip6 length 32 meta length <= 72 tcp doff 8 @th,160,32 0x0101080a tcp flags & (fin | syn | rst | psh | urg) == rst limit rate 100/second burst 400 packets accept
            ip daddr 10.1.0.0/16 accept
            ip6 daddr 2001:db8:1::/48 accept
            tcp dport 1 counter reject with tcp reset comment "probe"
            meta l4proto tcp counter reject with tcp reset
            counter drop
          }
          chain forward {
            type filter hook forward priority -10; policy drop;
            meta l4proto tcp counter reject with tcp reset
            counter drop
          }
        }

        """, Rules.ToText(["192.0.2.0/24", "2001:db8:5::/64"]));

    [Fact]
    public void The_rules_at_the_interfaces_are_these() => Assert.Equal("""
        table netdev voltaxe
        delete table netdev voltaxe
        table netdev voltaxe {
          set onlink4 {
            type ipv4_addr; flags interval;
            elements = { 192.0.2.0/24 }
          }
          set onlink6 {
            type ipv6_addr; flags interval;
          }
          chain packets_out {
            ip daddr 192.0.2.7 tcp dport 8080 ether daddr { 02:00:00:00:00:07 } accept
            ip6 daddr 2001:db8::7 tcp dport 8080 accept
            ip daddr 255.255.255.255 udp sport 68 udp dport 67 meta length <= 658 limit rate 30/minute burst 30 packets accept
            ip daddr @onlink4 udp sport 68 udp dport 67 meta length <= 658 limit rate 30/minute burst 30 packets accept
            ip6 saddr fe80::/10 ip6 daddr ff02::1:2 udp sport 546 udp dport 547 meta length <= 658 limit rate 30/minute burst 30 packets accept
            ip6 hoplimit 255 ip6 daddr ff02::2 meta length <= 82 icmpv6 type nd-router-solicit limit rate 20/minute burst 20 packets accept
            ip6 hoplimit 255 ip6 daddr { fe80::/10, ff02::/16 } meta length <= 98 icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } limit rate 200/second burst 400 packets accept
            ip6 hoplimit 255 ip6 daddr @onlink6 meta length <= 98 icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } limit rate 200/second burst 400 packets accept
            ip6 hoplimit 255 ip6 daddr 2001:db8::7 meta length <= 98 icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } limit rate 200/second burst 400 packets accept
            ip6 saddr { ::, fe80::/10 } ip6 hoplimit 1 ip6 daddr ff00::/8 icmpv6 type { mld-listener-report, mld-listener-done, mld2-listener-report } meta length <= 1518 limit rate 4/second burst 40 packets accept
            ip protocol igmp ip ttl 1 ip daddr 224.0.0.0/4 @th,0,8 { 0x12, 0x16, 0x17, 0x22 } meta length <= 1518 limit rate 4/second burst 40 packets accept
            ip hdrlength 5 ip length 40 meta length <= 58 tcp doff 5 tcp flags & (fin | syn | rst | psh | urg) == rst limit rate 100/second burst 400 packets accept
            ip hdrlength 5 ip length 52 meta length <= 70 tcp doff 8 @th,160,32 0x0101080a tcp flags & (fin | syn | rst | psh | urg) == rst limit rate 100/second burst 400 packets accept
            ip6 nexthdr tcp ip6 length 20 meta length <= 78 tcp doff 5 tcp flags & (fin | syn | rst | psh | urg) == rst limit rate 100/second burst 400 packets accept
            ip6 nexthdr tcp ip6 length 32 meta length <= 90 tcp doff 8 @th,160,32 0x0101080a tcp flags & (fin | syn | rst | psh | urg) == rst limit rate 100/second burst 400 packets accept
            ip daddr 10.1.0.0/16 accept
            ip6 daddr 2001:db8:1::/48 accept
          }
          chain packets_out_bare {
            ip daddr 192.0.2.7 tcp dport 8080 accept
            ip6 daddr 2001:db8::7 tcp dport 8080 accept
            ip daddr 255.255.255.255 udp sport 68 udp dport 67 meta length <= 658 limit rate 30/minute burst 30 packets accept
            ip daddr @onlink4 udp sport 68 udp dport 67 meta length <= 658 limit rate 30/minute burst 30 packets accept
            ip6 saddr fe80::/10 ip6 daddr ff02::1:2 udp sport 546 udp dport 547 meta length <= 658 limit rate 30/minute burst 30 packets accept
            ip6 hoplimit 255 ip6 daddr ff02::2 meta length <= 82 icmpv6 type nd-router-solicit limit rate 20/minute burst 20 packets accept
            ip6 hoplimit 255 ip6 daddr { fe80::/10, ff02::/16 } meta length <= 98 icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } limit rate 200/second burst 400 packets accept
            ip6 hoplimit 255 ip6 daddr @onlink6 meta length <= 98 icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } limit rate 200/second burst 400 packets accept
            ip6 hoplimit 255 ip6 daddr 2001:db8::7 meta length <= 98 icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } limit rate 200/second burst 400 packets accept
            ip6 saddr { ::, fe80::/10 } ip6 hoplimit 1 ip6 daddr ff00::/8 icmpv6 type { mld-listener-report, mld-listener-done, mld2-listener-report } meta length <= 1518 limit rate 4/second burst 40 packets accept
            ip protocol igmp ip ttl 1 ip daddr 224.0.0.0/4 @th,0,8 { 0x12, 0x16, 0x17, 0x22 } meta length <= 1518 limit rate 4/second burst 40 packets accept
            ip hdrlength 5 ip length 40 meta length <= 58 tcp doff 5 tcp flags & (fin | syn | rst | psh | urg) == rst limit rate 100/second burst 400 packets accept
            ip hdrlength 5 ip length 52 meta length <= 70 tcp doff 8 @th,160,32 0x0101080a tcp flags & (fin | syn | rst | psh | urg) == rst limit rate 100/second burst 400 packets accept
            ip6 nexthdr tcp ip6 length 20 meta length <= 78 tcp doff 5 tcp flags & (fin | syn | rst | psh | urg) == rst limit rate 100/second burst 400 packets accept
            ip6 nexthdr tcp ip6 length 32 meta length <= 90 tcp doff 8 @th,160,32 0x0101080a tcp flags & (fin | syn | rst | psh | urg) == rst limit rate 100/second burst 400 packets accept
            ip daddr 10.1.0.0/16 accept
            ip6 daddr 2001:db8:1::/48 accept
          }
          chain frames_out {
            @ll,96,16 0x888e ether daddr 01:80:c2:00:00:03 limit rate 20/second burst 100 packets accept
            @ll,96,16 0x8809 ether daddr 01:80:c2:00:00:02 @ll,112,8 { 1, 2 } meta length <= 142 limit rate 20/second burst 60 packets accept
            @ll,96,16 0x88cc ether daddr { 01:80:c2:00:00:00, 01:80:c2:00:00:03, 01:80:c2:00:00:0e } limit rate 20/minute burst 20 packets accept
            ether daddr 01:80:c2:00:00:00 @ll,112,16 0x4242 @ll,128,8 0x03 meta length <= 142 limit rate 20/second burst 60 packets accept
            @ll,96,16 0x8863 accept
            @ll,96,16 0x8864 accept
            @ll,96,16 0x0806 meta protocol arp arp htype 1 arp ptype ip arp hlen 6 arp plen 4 arp operation { request, reply } meta length <= 46 limit rate 200/second burst 400 packets accept
            @ll,96,16 0x8100 @ll,128,16 0x0806 meta protocol arp arp htype 1 arp ptype ip arp hlen 6 arp plen 4 arp operation { request, reply } meta length <= 46 limit rate 200/second burst 400 packets accept
            @ll,96,16 0x88a8 @ll,128,16 0x0806 meta protocol arp arp htype 1 arp ptype ip arp hlen 6 arp plen 4 arp operation { request, reply } meta length <= 46 limit rate 200/second burst 400 packets accept
            @ll,96,16 0x0800 meta protocol ip jump packets_out
            @ll,96,16 0x8100 @ll,128,16 0x0800 meta protocol ip jump packets_out
            @ll,96,16 0x88a8 @ll,128,16 0x0800 meta protocol ip jump packets_out
            @ll,96,16 0x86dd meta protocol ip6 jump packets_out
            @ll,96,16 0x8100 @ll,128,16 0x86dd meta protocol ip6 jump packets_out
            @ll,96,16 0x88a8 @ll,128,16 0x86dd meta protocol ip6 jump packets_out
          }
          chain frames_in {
            ether daddr { 02:00:00:00:00:01 } accept
            @ll,0,40 0x0180c20000 accept
            meta protocol arp accept
            ip daddr 255.255.255.255 udp sport 67 udp dport 68 limit rate 60/minute burst 60 packets accept
            ip saddr @onlink4 udp sport 67 udp dport 68 limit rate 60/minute burst 60 packets accept
            ip6 saddr fe80::/10 ip6 daddr fe80::/10 udp sport 547 udp dport 546 limit rate 60/minute burst 60 packets accept
            ip6 saddr fe80::/10 ip6 hoplimit 255 icmpv6 type nd-router-advert accept
            ip6 hoplimit 255 ip6 length <= 128 icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
            ip6 saddr fe80::/10 ip6 hoplimit 1 icmpv6 type mld-listener-query accept
            ip protocol igmp ip ttl 1 @th,0,8 0x11 accept
            ip saddr 10.1.0.0/16 accept
            ip6 saddr 2001:db8:1::/48 accept
          }
          chain egress0 {
            type filter hook egress device "eth0" priority -10; policy drop;
            jump frames_out
            counter drop
          }
          chain ingress0 {
            type filter hook ingress device "eth0" priority -10; policy drop;
            jump frames_in
            counter drop
          }
          chain egress1 {
            type filter hook egress device "tun0" priority -10; policy drop;
            jump packets_out_bare
            meta protocol arp meta length <= 100 limit rate 200/second burst 400 packets accept
            counter drop
          }
          chain egress2 {
            type filter hook egress device "wlan0" priority -10; policy drop;
            ether type 0x888e ether daddr & 01:00:00:00:00:00 == 00:00:00:00:00:00 limit rate 20/second burst 100 packets accept
            ether type 0x88e5 accept
            jump frames_out
            counter drop
          }
          chain ingress2 {
            type filter hook ingress device "wlan0" priority -10; policy drop;
            jump frames_in
            counter drop
          }
        }

        """, FrameRules.ToText(Rules, new Surroundings
    {
        Guarded = [new("eth0", true, false, false), new("tun0", false, false, false), new("wlan0", true, true, true)], OwnMacs = ["02:00:00:00:00:01"], SpanningTree = true, Pppoe = true,
        OnLink = ["192.0.2.0/24"], NextHops = new Dictionary<IPAddress, IReadOnlyList<string>> { [IPAddress.Parse("192.0.2.7")] = ["02:00:00:00:00:07"] },
    }));

    [NeedsFact(Needs.Linux | Needs.Root | Needs.NetNamespaces | Needs.Nft)]
    public async Task Everything_that_rules_can_say_of_an_interface_is_loaded_and_can_be_read_back()
    {
        using var segment = new NetSegment();
        var host = segment.AddHost();
        await using var other = segment.SwitchEndOf(host);
        await using var raw = new FrameSocket(host);
        var nft = new Nft(new Exec("ip", "netns", "exec", host.Name), Exec.Find("nft")!);
        var everything = new Surroundings { Guarded = [new("eth0", true, true, true)], OwnMacs = ["02:00:00:00:00:01"], SpanningTree = true, Pppoe = true, OnLink = ["192.0.2.0/24", "2001:db8:5::/64"] };
        byte[][] frames =
        [
            Frames.Ethernet(Convert.FromHexString("0180c2000000"), raw.Mac, 38, [0x42, 0x42, 3], new byte[35]), Frames.Ethernet(other.Mac, raw.Mac, 0x888e, new byte[100]),
            Frames.Ethernet(other.Mac, raw.Mac, 0x88e5, new byte[100]), Frames.Ethernet(other.Mac, raw.Mac, 0x8864, new byte[100]),
        ];
        foreach (var (around, passes) in ((Surroundings, bool)[])[(everything, true), (new() { Guarded = [new("eth0", true, false, false)] }, false)])
        {
            // Some versions of nft load what they cannot list: then nobody could see whether it was changed.
            await nft.LoadAsync(FrameRules.ToText(Rules, around), default);
            Assert.NotNull(await nft.DigestAsync(FrameRules.Family, default));
            foreach (var frame in frames)
                Assert.Equal(passes, raw.Send(frame));
        }
        await nft.LoadAsync(Rules.ToText(everything.OnLink), default);
        Assert.NotNull(await nft.DigestAsync(default));
        Assert.Equal(everything.OnLink, await nft.OnLinkAsync(default));
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
