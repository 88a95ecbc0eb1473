using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Voltaxe.Agent.Platform;
using Voltaxe.Agent.Platform.Linux;
using Voltaxe.Contracts.Wire;
using Voltaxe.Testing;

namespace Voltaxe.Agent.Tests.Isolation;

/// <summary>A program with root's rights writes frames to the interface itself, past every output chain.</summary>
public sealed class RawFrameTests
{
    private const string Sender = """
        import socket,struct,sys
        def ck(b):
            t=sum(struct.unpack('!%dH'%(len(b)//2),b)); t=(t>>16)+(t&0xffff); t+=t>>16; return ~t&0xffff
        s=socket.socket(socket.AF_PACKET,socket.SOCK_DGRAM,0x0800)
        h=struct.pack('!BBHHHBBH4s4s',0x45,0,32,1,0,64,17,0,*map(socket.inet_aton,sys.argv[2:4])); h=h[:10]+struct.pack('!H',ck(h))+h[12:]
        try: s.sendto(h+struct.pack('!HHHH',5555,int(sys.argv[4]),12,0)+b'leak',(sys.argv[1],0x0800,0,0,b'\xff'*6)); print('sent')
        except OSError: print('stopped')
        """;

    private static async Task<bool> LeaksAsync(Rig rig, string device)
    {
        using var heard = rig.Peer.Run(() =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(new IPEndPoint(IPAddress.Any, 0));
            return socket;
        });
        rig.Host.Tool("python3", "-c", Sender, device, rig.Host.V4.ToString(), rig.Peer.V4.ToString(), ((IPEndPoint)heard.LocalEndPoint!).Port.ToString(CultureInfo.InvariantCulture));
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        try
        {
            return await heard.ReceiveAsync(new byte[16], patience.Token) == 4;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    [EgressFact]
    public async Task Raw_frames_are_stopped_while_isolated_and_pass_after_restore()
    {
        await using var rig = new Rig();
        Assert.True(await LeaksAsync(rig, "eth0"));
        var done = await rig.Rules.IsolateAsync(Guid.NewGuid(), new(null, []), false, default);
        Assert.False(done.Details.ContainsKey("raw_frames_not_blocked"), done.Details.ToJsonString());
        Assert.False(await LeaksAsync(rig, "eth0"));
        Assert.True(await rig.Hub.AnswersAsync(rig.Host, Eventually.Patience));
        await rig.Rules.RestoreAsync(Guid.NewGuid(), false, default);
        Assert.DoesNotContain("voltaxe", rig.Tables, StringComparison.Ordinal);
        Assert.True(await LeaksAsync(rig, "eth0"));
    }

    [EgressFact]
    public async Task An_interface_that_comes_later_is_guarded_at_the_next_look_without_an_alarm_and_a_chain_taken_away_is_put_back_with_one()
    {
        await using var rig = new Rig();
        await rig.HearAsync();
        await rig.IsolateAsync(1);
        rig.Host.Ip("link", "add", "name", "later0", "type", "veth", "peer", "name", "later1");
        await rig.Watch.LookAsync(default);
        Assert.Contains("later0", rig.Host.Tool("nft", "list", "table", "netdev", "voltaxe"), StringComparison.Ordinal);
        Assert.Empty(rig.Events);
        rig.Host.Tool("nft", "delete", "table", "netdev", "voltaxe");
        await rig.Watch.LookAsync(default);
        Assert.Contains("eth0", rig.Host.Tool("nft", "list", "table", "netdev", "voltaxe"), StringComparison.Ordinal);
        Assert.Equal(["isolation_tampered", "isolation_reapplied"], rig.Events.Select(e => e.Kind));
        Assert.Equal(RulesState.Intact, rig.Watch.Current!.Rules);
    }

    [Fact]
    public void Every_interface_but_the_loopback_is_guarded_and_one_whose_name_fits_in_no_rule_is_said()
    {
        var links = JsonNode.Parse("""
            [{"ifname":"lo","link_type":"loopback"},{"ifname":"eth0","link_type":"ether","address":"02:00:00:00:00:01"},{"ifname":"eth1","link_type":"ether"},
             {"ifname":"eth0.7","link":"eth0","link_type":"ether","linkinfo":{"info_kind":"vlan"}},{"ifname":"mac0","link":"eth1","link_type":"ether","linkinfo":{"info_kind":"macsec"}},
             {"ifname":"wlan0","link_type":"ether"},{"ifname":"tun0","link_type":"none","linkinfo":{"info_kind":"tun","info_data":{"type":"tun"}}},
             {"ifname":"tap0","link_type":"ether","linkinfo":{"info_kind":"tun","info_data":{"type":"tap"}}},{"ifname":"a\"b","link_type":"ether"}]
            """)!.AsArray();
        var around = Surroundings.OfLinks(links, name => name == "wlan0");
        Assert.Equal(
            [
                new("eth0", true, false, false), new("eth0.7", true, false, false), new("eth1", true, false, true), new("mac0", true, false, false),
                new("tap0", true, false, false), new("tun0", false, false, false), new GuardedLink("wlan0", true, true, false),
            ], around.Guarded);
        Assert.Equal(["a\"b"], around.NotGuarded);
        Assert.Equal(["the tunnel tun0 (tun)"], around.NotKept);
        Assert.Equal(["02:00:00:00:00:01"], around.OwnMacs);
    }
}
