using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Voltaxe.Agent.Platform.Linux;
using Voltaxe.Testing;
using Voltaxe.Testing.Network;
using Voltaxe.Testing.Processes;

namespace Voltaxe.Agent.Tests.Isolation;

/// <summary>Minutes after the proof: what keeps a link, a neighbour, a membership, an address and a path alive goes on while isolated.</summary>
public sealed class LinkTests
{
    private const Needs Network = Needs.Linux | Needs.Root | Needs.NetNamespaces | Needs.Nft;
    private const int Megabytes = 4;

    [NeedsFact(Network)]
    public async Task On_a_switch_that_forgets_who_does_not_report_the_host_is_found_after_memberships_and_neighbours_have_run_out()
    {
        await using var rig = new Rig();
        rig.Segment.Snoop();
        var silent = rig.Segment.AddHost();
        var hub = rig.With(new Canary(rig.Peer, rig.Peer.V6));
        rig.Where.Hub = new IPEndPoint(hub.Address, hub.Port);
        var (hosts, silents) = (SolicitedNode(rig.Host.V6), SolicitedNode(silent.V6));
        await Eventually.TrueAsync(() => rig.Segment.GroupsOf(rig.Host).Contains(hosts, StringComparison.Ordinal) && rig.Segment.GroupsOf(silent).Contains(silents, StringComparison.Ordinal));

        await rig.Rules.IsolateAsync(Guid.NewGuid(), new(null, []), false, default);
        // Nobody else may find it: the hub's neighbour must be asked for with what the switch still forwards.
        silent.Tool("nft", "add table inet quiet; add chain inet quiet out { type filter hook output priority 0; policy accept; }; add rule inet quiet out icmpv6 type { mld-listener-report, mld2-listener-report } drop");
        await Eventually.TrueAsync(() => !rig.Segment.GroupsOf(silent).Contains(silents, StringComparison.Ordinal));

        Assert.Contains(hosts, rig.Segment.GroupsOf(rig.Host), StringComparison.Ordinal);
        rig.Peer.Ip("neigh", "flush", "all");
        rig.Host.Ip("neigh", "flush", "all");
        Assert.True(await hub.AnswersAsync(rig.Host, TimeSpan.FromSeconds(5)));
        Assert.False(await rig.With(new Canary(rig.Peer, rig.Peer.V6)).AnswersAsync(rig.Host));
    }

    [NeedsTheory(Network)]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)]
    public async Task An_upload_of_megabytes_gets_through_a_path_whose_links_are_smaller_than_the_hosts_own(AddressFamily family)
    {
        // Host and hub have links of 1,500 bytes; only the one between the two routers is smaller, and only a router can say so.
        using NetSegment between = new(), beyond = new();
        await using var rig = new Rig();
        var first = rig.Segment.AddRouter(between, mtu: 1300);
        var second = beyond.AddRouter(between, mtu: 1300);
        var far = beyond.AddHost();
        rig.Host.GoesBy(first);
        far.GoesBy(second);
        first.Ip("route", "add", Net(far.V4), "via", second.OtherV4.ToString());
        first.Ip("-6", "route", "add", Net(far.V6), "via", second.OtherV6.ToString());
        second.Ip("route", "add", Net(rig.Host.V4), "via", first.OtherV4.ToString());
        second.Ip("-6", "route", "add", Net(rig.Host.V6), "via", first.OtherV6.ToString());
        var hub = rig.With(new Canary(far, family == AddressFamily.InterNetwork ? far.V4 : far.V6));
        rig.Where.Hub = new IPEndPoint(hub.Address, hub.Port);
        await rig.Rules.IsolateAsync(Guid.NewGuid(), new(null, []), false, default);

        using var upload = await rig.Host.TryConnectAsync(hub.Address, hub.Port, TimeSpan.FromSeconds(5));
        Assert.NotNull(upload);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var echoed = DrainAsync(upload, patience.Token);
        for (var i = 0; i < Megabytes; i++)
            await SendAllAsync(upload, new byte[1 << 20], patience.Token);
        await Eventually.TrueAsync(() => hub.BytesHeard == Megabytes << 20);
        upload.Shutdown(SocketShutdown.Both);
        await echoed;
        Assert.Contains("mtu 1300", rig.Host.Ip("route", "get", hub.Address.ToString()), StringComparison.Ordinal);
    }

    [EgressFact]
    public async Task Frames_by_which_a_wired_link_is_authenticated_and_bonded_pass_in_both_directions()
    {
        await using var rig = new Rig();
        var other = rig.With(rig.Segment.SwitchEndOf(rig.Host));
        await rig.Rules.IsolateAsync(Guid.NewGuid(), new(null, []), false, default);
        var body = Enumerable.Range(0, 100).Select(i => (byte)i).ToArray();
        foreach (var (name, to, type, first) in ((string, string, ushort, byte[])[])[
            ("802.1X and MKA", "0180c2000003", 0x888e, [3, 0]), ("LACP", "0180c2000002", 0x8809, [1, 1]), ("its marker", "0180c2000002", 0x8809, [2, 1]), ("LLDP", "0180c200000e", 0x88cc, [2, 7])])
        {
            var here = rig.With(new FrameSocket(rig.Host, type: type));
            byte[] rest = [.. first, .. body, .. Guid.NewGuid().ToByteArray().AsSpan(0, 8)];
            Assert.True(here.Send(Frames.Ethernet(Convert.FromHexString(to), here.Mac, type, rest)), name);
            Assert.True(other.Send(Frames.Ethernet(Convert.FromHexString(to), other.Mac, type, rest)), name);
            await Eventually.TrueAsync(() => other.Count(rest) == 1 && here.Count(rest) == 1);
        }
        // A 128 byte LACP frame is one; more in it is not.
        var raw = rig.With(new FrameSocket(rig.Host));
        Assert.False(raw.Send(Frames.Ethernet(Convert.FromHexString("0180c2000002"), raw.Mac, 0x8809, [1, 1], new byte[400])));
        Assert.False(raw.Send(Frames.Ethernet(other.Mac, raw.Mac, 0x888e, [3, 0], body)));
    }

    [EgressFact]
    public async Task A_packet_for_the_hub_passes_with_the_tag_of_a_vlan_and_one_for_a_stranger_does_not()
    {
        await using var rig = new Rig();
        // Kernels without VLAN interfaces know tags all the same. A feeder's program puts one beside each frame, as a VLAN interface does; the
        // host is a bridge that passes them on to its eth0.
        var feeder = rig.Segment.AddHost();
        feeder.Ip("link", "add", "name", "feed", "type", "veth", "peer", "name", "fed");
        feeder.Ip("link", "add", "name", "raw", "type", "veth", "peer", "name", "tag");
        feeder.Ip("link", "set", "dev", "fed", "netns", rig.Host.Name);
        foreach (var link in (string[])["feed", "raw", "tag"])
            feeder.Ip("link", "set", "dev", link, "up");
        rig.Host.Ip("link", "add", "name", "br0", "type", "bridge", "forward_delay", "0");
        foreach (var link in (string[])["fed", "eth0"])
            rig.Host.Ip("link", "set", "dev", link, "master", "br0", "up");
        rig.Host.Ip("link", "set", "dev", "br0", "up");
        await using var tagging = ChildProcess.Start(feeder.Inside(new("python3", ["-c", TagAndRedirect, "tag", "feed"])), "tagging");
        await tagging.WaitForLineAsync(new("there"));
        var (feed, hub, stranger) = (rig.With(new FrameSocket(feeder, "raw")), rig.With(new FrameSocket(rig.Peer)), rig.With(new FrameSocket(rig.Segment.AddHost())));
        byte[] To(FrameSocket whom, int port, byte[] mark) =>
            Frames.Ethernet(whom.Mac, feed.Mac, 0x0800, Frames.Ip(rig.Host.V4, rig.Hub.Address, Frames.Tcp, Frames.TcpOf(4444, port, 0x18, mark)));
        byte[][] marks = [.. Enumerable.Range(0, 4).Select(_ => Guid.NewGuid().ToByteArray())];
        await Eventually.TrueAsync(() => feed.Send(To(stranger, rig.Hub.Port, marks[0])) && stranger.Count(marks[0]) > 0);

        var around = new Surroundings
        {
            Guarded = [new("eth0", true, false, false)],
            NextHops = new Dictionary<IPAddress, IReadOnlyList<string>> { [rig.Hub.Address] = [string.Join(':', hub.Mac.Select(b => b.ToString("x2", System.Globalization.CultureInfo.InvariantCulture)))] },
        };
        rig.Host.Tool("nft", FrameRules.ToText(new IsolationRules([new(rig.Hub.Address, rig.Hub.Port)], [], 0), around));
        Assert.True(feed.Send(To(stranger, rig.Hub.Port, marks[1])) && feed.Send(To(hub, rig.Hub.Port + 1, marks[2])) && feed.Send(To(hub, rig.Hub.Port, marks[3])));
        await Eventually.TrueAsync(() => hub.Count(marks[3]) == 1);
        Assert.Equal((0, 0), (stranger.Count(marks[1]), hub.Count(marks[2])));
    }

    /// <summary>What comes in at one interface leaves by the other, with a VLAN's tag (a program at the tcx hook).</summary>
    private const string TagAndRedirect = """
        import ctypes,platform,socket,struct,sys,time
        number={'x86_64':321,'aarch64':280}[platform.machine()]
        libc=ctypes.CDLL(None,use_errno=True)
        def bpf(command,attributes):
            b=ctypes.create_string_buffer(attributes+bytes(160-len(attributes)))
            r=libc.syscall(number,command,b,160)
            if r<0: raise OSError(ctypes.get_errno(),'bpf')
            return r
        op=lambda code,registers,value: struct.pack('<BBhi',code,registers,0,value)
        code=op(0xb7,2,socket.htons(0x8100))+op(0xb7,3,7)+op(0x85,0,18)+op(0xb7,1,socket.if_nametoindex(sys.argv[2]))+op(0xb7,2,0)+op(0x85,0,23)+op(0x95,0,0)
        kept=ctypes.create_string_buffer(code,len(code)); licence=ctypes.create_string_buffer(b'GPL')
        program=bpf(5,struct.pack('<IIQQ',3,len(code)//8,ctypes.addressof(kept),ctypes.addressof(licence)))
        link=bpf(28,struct.pack('<IIII',program,socket.if_nametoindex(sys.argv[1]),46,0))
        print('there',flush=True); time.sleep(600)
        """;

    [NeedsFact(Network)]
    public async Task An_address_is_renewed_and_rebound_while_isolated()
    {
        await using var rig = new Rig();
        using var server = Udp(rig.Peer, IPAddress.Any, 67);
        using var client = Udp(rig.Host, IPAddress.Any, 68);
        await rig.Rules.IsolateAsync(Guid.NewGuid(), new(null, []), false, default);
        await rig.Watch.LookAsync(default);
        var renew = new byte[548];
        foreach (var to in (IPAddress[])[rig.Peer.V4, IPAddress.Broadcast])
        {
            await client.SendToAsync(renew, new IPEndPoint(to, 67));
            var (length, from) = await ReceiveAsync(server);
            Assert.Equal((renew.Length, new IPEndPoint(rig.Host.V4, 68)), (length, from));
            await server.SendToAsync(new byte[576], new IPEndPoint(to.Equals(IPAddress.Broadcast) ? to : rig.Host.V4, 68));
            Assert.Equal(576, (await ReceiveAsync(client)).Length);
        }
        using var server6 = Udp(rig.Peer, IPAddress.IPv6Any, 547);
        using var client6 = Udp(rig.Host, IPAddress.IPv6Any, 546);
        var (hosts, peers) = (await LinkLocalAsync(rig.Host), await LinkLocalAsync(rig.Peer));
        server6.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.AddMembership, new IPv6MulticastOption(IPAddress.Parse("ff02::1:2"), peers.ScopeId));
        await client6.SendToAsync(renew, new IPEndPoint(IPAddress.Parse($"ff02::1:2%{hosts.ScopeId}"), 547));
        Assert.Equal(renew.Length, (await ReceiveAsync(server6)).Length);
        await server6.SendToAsync(new byte[300], new IPEndPoint(new IPAddress(hosts.GetAddressBytes(), peers.ScopeId), 546));
        Assert.Equal(300, (await ReceiveAsync(client6)).Length);
    }

    [EgressFact]
    public async Task A_gateway_that_comes_back_with_another_address_is_followed_at_the_next_look()
    {
        using var beyond = new NetSegment();
        await using var rig = new Rig();
        var router = rig.Segment.AddRouter(beyond);
        var far = beyond.AddHost();
        rig.Host.GoesBy(router);
        far.GoesBy(router, other: true);
        var hub = rig.With(new Canary(far));
        rig.Where.Hub = new IPEndPoint(hub.Address, hub.Port);
        Assert.True(await hub.AnswersAsync(rig.Host, Eventually.Patience));
        await rig.Rules.IsolateAsync(Guid.NewGuid(), new(null, []), false, default);
        Assert.True(await hub.AnswersAsync(rig.Host, Eventually.Patience));

        router.Ip("link", "set", "dev", "eth0", "address", "02:00:5e:00:01:07");
        rig.Host.Ip("neigh", "flush", "all");
        // The first packet asks for the neighbour, and is lost; what was learned is followed.
        Assert.False(await hub.AnswersAsync(rig.Host));
        await rig.Watch.LookAsync(default);
        Assert.True(await hub.AnswersAsync(rig.Host, Eventually.Patience));
        // It may also be somebody who wants the hub's frames: it is told, and no more than that.
        Assert.Empty(rig.Events);
        Assert.Equal("02:00:5e:00:01:07", rig.News.Single()["hub_next_hops"]![hub.Address.ToString()]![0]!.GetValue<string>());
    }

    [NeedsFact(Network)]
    public async Task Networks_that_come_are_followed_without_an_alarm_and_those_that_somebody_adds_to_the_rules_are_taken_out_with_one()
    {
        await using var rig = new Rig();
        await rig.HearAsync();
        await rig.IsolateAsync(1);
        rig.Host.Ip("addr", "add", "10.1.2.3/24", "dev", "eth0");
        await rig.Watch.LookAsync(default);
        Assert.Contains("10.1.2.0/24", rig.Host.Tool("nft", "list", "set", "inet", "voltaxe", "onlink4"), StringComparison.Ordinal);
        Assert.Empty(rig.Events);
        rig.Host.Tool("nft", "add element inet voltaxe onlink4 { 192.0.2.0/24 }");
        await rig.Watch.LookAsync(default);
        Assert.DoesNotContain("192.0.2.0/24", rig.Host.Tool("nft", "list", "set", "inet", "voltaxe", "onlink4"), StringComparison.Ordinal);
        Assert.Equal(["isolation_tampered", "isolation_reapplied"], rig.Events.Select(e => e.Kind));
    }

    private static string SolicitedNode(IPAddress address) => new IPAddress([.. IPAddress.Parse("ff02::1:ff00:0").GetAddressBytes().AsSpan(0, 13), .. address.GetAddressBytes().AsSpan(13)]).ToString();

    private static string Net(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(bytes.Length == 4 ? 3 : 8).Clear();
        return $"{new IPAddress(bytes)}/{(bytes.Length == 4 ? 24 : 64)}";
    }

    /// <summary>Its link-local address, once it may be used: after the kernel has asked whether anybody else has it.</summary>
    private static async Task<IPAddress> LinkLocalAsync(NetNamespace host) => await Eventually.GetAsync(() =>
    {
        var link = JsonNode.Parse(host.Ip("-j", "addr", "show", "dev", "eth0"))!.AsArray().First(l => l?["addr_info"] is not null)!;
        var usable = link["addr_info"]!.AsArray().Where(a => a!["tentative"] is null).Select(a => IPAddress.Parse(a!["local"]!.GetValue<string>())).FirstOrDefault(a => a.IsIPv6LinkLocal);
        return Task.FromResult(usable is null ? null : new IPAddress(usable.GetAddressBytes(), link["ifindex"]!.GetValue<int>()));
    });

    private static Socket Udp(NetNamespace on, IPAddress at, int port) => on.Run(() =>
    {
        var socket = new Socket(at.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        if (at.AddressFamily == AddressFamily.InterNetwork)
        {
            socket.EnableBroadcast = true;
            // 255.255.255.255 has no route of its own.
            socket.SetRawSocketOption(1, 25, "eth0\0"u8);
        }
        socket.Bind(new IPEndPoint(at, port));
        return socket;
    });

    private static async Task<(int Length, EndPoint From)> ReceiveAsync(Socket socket)
    {
        var got = await socket.ReceiveFromAsync(new byte[2000], new IPEndPoint(socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0)).Within(TimeSpan.FromSeconds(5));
        return (got.ReceivedBytes, got.RemoteEndPoint);
    }

    private static async Task SendAllAsync(Socket socket, ReadOnlyMemory<byte> bytes, CancellationToken ct)
    {
        while (bytes.Length > 0)
            bytes = bytes[await socket.SendAsync(bytes, ct)..];
    }

    private static async Task DrainAsync(Socket socket, CancellationToken ct)
    {
        var buffer = new byte[1 << 16];
        try
        {
            while (await socket.ReceiveAsync(buffer, ct) > 0)
            {
                // The echo: that it comes is enough.
            }
        }
        catch (Exception end) when (end is SocketException or OperationCanceledException)
        {
            // Shut down, or given up: the bytes that the hub heard decide.
        }
    }
}
