using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Voltaxe.Testing;
using Voltaxe.Testing.Network;
using static Voltaxe.Testing.Network.Frames;

namespace Voltaxe.Agent.Tests.Isolation;

/// <summary>Root on the isolated host wants to talk to a stranger, by each way that the rules leave open for themselves.</summary>
public sealed class TunnelTests
{
    private const byte Rst = 4;
    private static readonly IPAddress Servers = IPAddress.Parse("ff02::1:2");

    [EgressFact]
    public async Task No_frame_carries_a_payload_to_a_stranger_beyond_the_router_or_on_the_link()
    {
        using var beyond = new NetSegment();
        await using var rig = new Rig();
        var router = rig.Segment.AddRouter(beyond);
        var (far, near) = (beyond.AddHost(), rig.Segment.AddHost());
        rig.Host.GoesBy(router);
        far.GoesBy(router, other: true);
        Assert.True(await rig.With(new Canary(far)).AnswersAsync(rig.Host) && await rig.Hub.AnswersAsync(rig.Host));
        var (here, there, beside) = (rig.With(new FrameSocket(rig.Host)), rig.With(new FrameSocket(far)), rig.With(new FrameSocket(near)));
        var routerMac = rig.With(new FrameSocket(router)).Mac;
        var secret = RandomNumberGenerator.GetBytes(200);
        var (v4, v6, f4, f6, n4, n6) = (rig.Host.V4, rig.Host.V6, far.V4, far.V6, near.V4, near.V6);
        byte[] Packet(byte[] mac, IPAddress from, IPAddress to, byte protocol, byte[] body, byte hops = 64) => Ethernet(mac, here.Mac, TypeOf(to), Ip(from, to, protocol, body, hops));
        var solicit = Icmp6Of(v6, f6, 135, 0, [0, 0, 0, 0, .. f6.GetAddressBytes(), 1, 25, .. secret[..198]]);
        (string What, byte[] Frame)[] ways =
        [
            ("UDP 68 to 67, beyond the router", Packet(routerMac, v4, f4, Udp, UdpOf(68, 67, secret))),
            ("UDP 546 to 547 over IPv4", Packet(routerMac, v4, f4, Udp, UdpOf(546, 547, secret))),
            ("UDP 546 to 547, global", Packet(routerMac, v6, f6, Udp, UdpOf(546, 547, secret))),
            ("UDP 546 to 547, on the link but global", Packet(beside.Mac, v6, n6, Udp, UdpOf(546, 547, secret))),
            ("a reset with data", Packet(routerMac, v4, f4, Tcp, TcpOf(4444, 4445, Rst, secret))),
            ("a reset with data over IPv6", Packet(routerMac, v6, f6, Tcp, TcpOf(4444, 4445, Rst, secret))),
            ("a reset with data behind the packet", [.. Packet(beside.Mac, v4, n4, Tcp, TcpOf(4444, 4445, Rst, [])), .. secret]),
            ("neighbour solicitation beyond the router", Packet(routerMac, v6, f6, Icmp6, solicit, 255)),
            ("neighbour solicitation on the link", Packet(beside.Mac, v6, n6, Icmp6, solicit, 255)),
            ("neighbour advertisement on the link", Packet(beside.Mac, v6, n6, Icmp6, [136, .. solicit.AsSpan(1)], 255)),
            ("router solicitation", Packet(beside.Mac, v6, IPAddress.Parse("ff02::2"), Icmp6, [133, .. solicit.AsSpan(1)], 255)),
            ("multicast report to a stranger", Packet(routerMac, v6, f6, Icmp6, [143, .. solicit.AsSpan(1)])),
            ("group report to a stranger", Packet(routerMac, v4, f4, Igmp, [0x22, 0, 0, 0, .. secret])),
            ("too big, about nothing", Packet(routerMac, v6, f6, Icmp6, [2, .. solicit.AsSpan(1)])),
            ("unreachable, about nothing", Packet(routerMac, v4, f4, Icmp, [3, 4, 0, 0, 0, 0, 5, 0, .. secret])),
            ("echo", Packet(routerMac, v4, f4, Icmp, [8, 0, 0, 0, 0, 0, 0, 0, .. secret])),
            ("the hub's address, at a stranger's door", Packet(beside.Mac, v4, rig.Hub.Address, Tcp, TcpOf(4444, rig.Hub.Port, 0x18, secret))),
            ("the hub's address at everybody's door", Packet(Everybody, v4, rig.Hub.Address, Tcp, TcpOf(4444, rig.Hub.Port, 0x18, secret))),
            ("another port of the hub", Packet(rig.With(new FrameSocket(rig.Peer)).Mac, v4, rig.Hub.Address, Tcp, TcpOf(4444, 4445, 0x18, secret))),
            ("ARP", Ethernet(beside.Mac, here.Mac, 0x0806, [0, 1, 8, 0, 6, 4, 0, 1], secret)),
            ("802.1X to a stranger", Ethernet(beside.Mac, here.Mac, 0x888e, [2, 0], secret)),
            ("LACP to a stranger", Ethernet(beside.Mac, here.Mac, 0x8809, [1, 1], secret)),
            ("LLDP to a stranger", Ethernet(beside.Mac, here.Mac, 0x88cc, secret)),
            ("IPv6 in IPv4", Packet(routerMac, v4, f4, Ip6, Ip(v6, f6, Udp, UdpOf(1, 2, secret)))),
            ("GRE", Packet(routerMac, v4, f4, Gre, secret)),
            ("SCTP", Packet(routerMac, v4, f4, Sctp, secret)),
            ("a VLAN's frame", Ethernet(routerMac, here.Mac, 0x8100, [0, 7, 8, 0], Ip(v4, f4, Udp, UdpOf(68, 67, secret)))),
            ("a type of its own", Ethernet(beside.Mac, here.Mac, 0x88b5, secret)),
            ("a length instead of a type", Ethernet(beside.Mac, here.Mac, (ushort)secret.Length, secret)),
        ];
        foreach (var (what, frame) in ways)
            Assert.True(here.Send(frame), what);
        await Eventually.TrueAsync(() => there.Count(secret.AsSpan(0, 100)) >= 10 && beside.Count(secret.AsSpan(0, 100)) >= 10);

        var done = await rig.Rules.IsolateAsync(Guid.NewGuid(), new(null, []), false, default);
        Assert.False(done.Details.ContainsKey("raw_frames_not_blocked"), done.Details.ToJsonString());
        RandomNumberGenerator.Fill(secret.AsSpan());
        // Other bytes than before: the same ways again, with what was not yet heard.
        Assert.Equal([], ways.Where(w => here.Send(Replaced(w.Frame, secret))).Select(w => w.What));
        await FlushedAsync(rig, beside);
        Assert.Equal((0, 0), (there.Count(secret.AsSpan(0, 100)), beside.Count(secret.AsSpan(0, 100))));
        Assert.True(await rig.Hub.AnswersAsync(rig.Host, Eventually.Patience));
    }

    [EgressFact]
    public async Task A_frame_is_judged_by_what_it_is_and_not_by_what_its_sender_calls_it()
    {
        await using var rig = new Rig();
        var beside = rig.With(new FrameSocket(rig.Segment.AddHost()));
        await rig.Rules.IsolateAsync(Guid.NewGuid(), new(null, []), false, default);
        foreach (var called in (ushort[])[0x0806, 0x888e, 0x0800, 0x86dd])
        {
            // Bound to one type, and the frame written has another: the kernel keeps the first.
            var here = rig.With(new FrameSocket(rig.Host, type: called));
            foreach (var type in (ushort[])[0x0800, 0x86dd, 0x88b5, 0x8100])
                Assert.False(here.Send(Ethernet(beside.Mac, here.Mac, type, new byte[300])), $"{called:x4} {type:x4}");
        }
    }

    [EgressFact]
    public async Task No_socket_carries_a_payload_to_or_from_a_stranger()
    {
        using var beyond = new NetSegment();
        await using var rig = new Rig();
        var router = rig.Segment.AddRouter(beyond);
        var (far, near) = (beyond.AddHost(), rig.Segment.AddHost());
        rig.Host.GoesBy(router);
        far.GoesBy(router, other: true);
        (int From, int To)[] pairs = [(68, 67), (67, 68), (546, 547), (547, 546), (rig.Hub.Port, 4444)];
        (IPAddress Here, NetNamespace Them, IPAddress There)[] ways = [(rig.Host.V4, far, far.V4), (rig.Host.V6, far, far.V6), (rig.Host.V6, near, near.V6)];
        async Task<List<string>> HeardAsync(TimeSpan within)
        {
            var heard = new List<string>();
            foreach (var (here, them, there) in ways)
                foreach (var (from, to) in pairs)
                {
                    using var ours = Bound(rig.Host, here, from);
                    using var theirs = Bound(them, there, to);
                    if (await ArrivesAsync(ours, theirs, within))
                        heard.Add($"{from} to {there}:{to}");
                    if (await ArrivesAsync(theirs, ours, within))
                        heard.Add($"{to} of {there} to {from}");
                }
            return heard;
        }
        Assert.Equal(2 * ways.Length * pairs.Length, (await HeardAsync(TimeSpan.FromSeconds(3))).Count);
        await rig.Rules.IsolateAsync(Guid.NewGuid(), new(null, []), false, default);
        Assert.Equal([], await HeardAsync(TimeSpan.FromSeconds(0.2)));
    }

    [EgressFact]
    public async Task A_container_on_the_hosts_own_interface_hears_and_reaches_nobody()
    {
        await using var rig = new Rig();
        var container = rig.Segment.AddHost();
        // Not by a cable of its own, but as a second address of the host's interface.
        container.Ip("link", "del", "dev", "eth0");
        rig.Host.Ip("link", "add", "link", "eth0", "name", "mv0", "type", "macvlan", "mode", "bridge");
        rig.Host.Ip("link", "set", "dev", "mv0", "netns", container.Name, "name", "eth0");
        container.Ip("addr", "add", $"{container.V4}/24", "dev", "eth0");
        container.Ip("link", "set", "dev", "eth0", "up");
        using var inside = Bound(container, container.V4, 5000);
        using var outside = Bound(rig.Peer, rig.Peer.V4, 5000);
        Assert.True(await ArrivesAsync(inside, outside) && await ArrivesAsync(outside, inside));
        await rig.Rules.IsolateAsync(Guid.NewGuid(), new(null, []), false, default);
        Assert.False(await ArrivesAsync(inside, outside));
        Assert.False(await ArrivesAsync(outside, inside));
        await rig.Rules.RestoreAsync(Guid.NewGuid(), false, default);
        Assert.True(await ArrivesAsync(inside, outside) && await ArrivesAsync(outside, inside));
    }

    [EgressFact]
    public async Task What_gets_past_every_rule_is_named_in_the_result_and_told_when_it_comes_and_goes()
    {
        await using var rig = new Rig();
        await rig.HearAsync();
        var done = await rig.Rules.IsolateAsync(Guid.NewGuid(), new(null, []), false, default);
        Assert.False(done.Details.ContainsKey("past_the_rules"), done.Details.ToJsonString());
        Assert.NotEmpty(done.Details["not_kept"]!.AsArray());
        Assert.NotEmpty(done.Details["stays_open"]!.AsArray());
        rig.Host.Tool("tc", "qdisc", "add", "dev", "eth0", "clsact");
        await using (var program = Voltaxe.Testing.Processes.ChildProcess.Start(rig.Host.Inside(new("python3", ["-c", PastTheRules])), "xdp"))
        {
            await program.WaitForLineAsync(new("there"));
            await rig.Watch.LookAsync(default);
            var seen = rig.News.Single()["past_the_rules"]!.ToJsonString();
            Assert.Contains("an XDP program on eth0", seen, StringComparison.Ordinal);
            Assert.Contains("1 AF_XDP socket", seen, StringComparison.Ordinal);
            Assert.Contains("tc classifiers on eth0", seen, StringComparison.Ordinal);
            var again = await rig.Rules.IsolateAsync(Guid.NewGuid(), new(null, ["192.0.2.9"]), false, default);
            Assert.Contains("XDP", again.Details["past_the_rules"]!.ToJsonString(), StringComparison.Ordinal);
            await rig.Watch.LookAsync(default);
            Assert.Single(rig.News);
            await program.KillAsync();
        }
        rig.Host.Tool("tc", "qdisc", "del", "dev", "eth0", "clsact");
        await Eventually.TrueAsync(async () =>
        {
            rig.Time.Advance(TimeSpan.FromMinutes(1));
            await rig.Watch.LookAsync(default);
            return !rig.News[^1].ContainsKey("past_the_rules");
        });
    }

    /// <summary>A program on eth0 that lets everything pass, held by its link, and an AF_XDP socket.</summary>
    private const string PastTheRules = """
        import ctypes,platform,socket,struct,time
        number={'x86_64':321,'aarch64':280}[platform.machine()]
        libc=ctypes.CDLL(None,use_errno=True)
        def bpf(command,attributes):
            b=ctypes.create_string_buffer(attributes+bytes(160-len(attributes)))
            r=libc.syscall(number,command,b,160)
            if r<0: raise OSError(ctypes.get_errno())
            return r
        code=ctypes.create_string_buffer(struct.pack('<BBhi',0xb7,0,0,2)+struct.pack('<BBhi',0x95,0,0,0),16)
        licence=ctypes.create_string_buffer(b'GPL')
        program=bpf(5,struct.pack('<IIQQ',6,2,ctypes.addressof(code),ctypes.addressof(licence)))
        link=bpf(28,struct.pack('<IIII',program,socket.if_nametoindex('eth0'),37,2))
        s=socket.socket(44,socket.SOCK_RAW)
        print('there',flush=True); time.sleep(600)
        """;

    private static byte[] Replaced(byte[] frame, byte[] secret)
    {
        // The first way's payload is the last 200 bytes; in all of them 198 of the secret's bytes at least end the frame.
        var other = frame.ToArray();
        secret.AsSpan(0, 198).CopyTo(other.AsSpan(other.Length - 198));
        return other;
    }

    /// <summary>What the host's own link has carried by now: one more frame that is let through has come after all others.</summary>
    private static async Task FlushedAsync(Rig rig, FrameSocket beside)
    {
        var raw = rig.With(new FrameSocket(rig.Host));
        var mark = RandomNumberGenerator.GetBytes(16);
        // An ARP request, whose addresses are what is looked for.
        Assert.True(raw.Send(Ethernet(Everybody, raw.Mac, 0x0806, [0, 1, 8, 0, 6, 4, 0, 1, .. mark, 0, 0, 0, 0])));
        await Eventually.TrueAsync(() => beside.Count(mark) == 1);
    }

    private static Socket Bound(NetNamespace on, IPAddress at, int port) => on.Run(() =>
    {
        var socket = new Socket(at.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(at, port));
        return socket;
    });

    private static async Task<bool> ArrivesAsync(Socket from, Socket to, TimeSpan? within = null)
    {
        using var patience = new CancellationTokenSource(within ?? TimeSpan.FromSeconds(1));
        var mark = RandomNumberGenerator.GetBytes(300);
        try
        {
            await from.SendToAsync(mark, to.LocalEndPoint!);
            var got = new byte[400];
            while (true)
            {
                var length = await to.ReceiveAsync(got, SocketFlags.None, patience.Token);
                if (got.AsSpan(0, length).SequenceEqual(mark))
                    return true;
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            return false;
        }
    }
}
