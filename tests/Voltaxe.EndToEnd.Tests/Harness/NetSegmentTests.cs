using System.Net.Sockets;
using Voltaxe.Testing;
using Voltaxe.Testing.Network;
using Voltaxe.Testing.Processes;

namespace Voltaxe.EndToEnd.Tests.Harness;

[Collection(RealProcesses.Name)]
public sealed class NetSegmentTests
{
    [NeedsFact(Needs.NetNamespaces)]
    public async Task Hosts_of_a_segment_reach_each_other_until_the_cable_is_cut()
    {
        using var segment = new NetSegment();
        var one = segment.AddHost();
        var other = segment.AddHost();
        await using var v4 = new Canary(one);
        await using var v6 = new Canary(one, one.V6);
        Assert.True(await v4.AnswersAsync(other, Eventually.Patience));
        Assert.True(await v6.AnswersAsync(other, Eventually.Patience));
        using var open = await other.TryConnectAsync(one.V4, v4.Port, Eventually.Patience);
        Assert.True(await Canary.EchoesAsync(open!, Eventually.Patience));

        segment.Cut(other);
        Assert.False(await v4.AnswersAsync(other));
        Assert.False(await Canary.EchoesAsync(open!));

        segment.Heal(other);
        await Eventually.TrueAsync(() => v4.AnswersAsync(other));
    }

    [NeedsFact(Needs.NetNamespaces | Needs.Nft)]
    public async Task A_firewall_of_a_host_is_its_own()
    {
        using var segment = new NetSegment();
        var one = segment.AddHost();
        var other = segment.AddHost();
        await using var canary = new Canary(one);
        var machinesRules = Shell.Run("nft", "list", "ruleset");

        other.Tool("nft", "add table inet t; add chain inet t out { type filter hook output priority 0; policy drop; }");

        Assert.False(await canary.AnswersAsync(other));
        Assert.True(await canary.AnswersAsync(one, Eventually.Patience));
        Assert.Equal(machinesRules, Shell.Run("nft", "list", "ruleset"));
    }

    [NeedsFact(Needs.NetNamespaces)]
    public async Task The_machine_can_be_plugged_in_and_programs_run_inside()
    {
        using var segment = new NetSegment();
        var host = segment.AddHost();
        segment.JoinMachine();
        await using var canary = new Canary(host);
        using var client = new TcpClient();
        await client.ConnectAsync(canary.Address, canary.Port).WaitAsync(Eventually.Patience);

        await using var inside = ChildProcess.Start(host.Inside(new ChildStart("ip", ["-brief", "addr"])));
        Assert.Equal(0, await inside.ExitAsync());
        Assert.Contains($"{host.V4}/24", inside.Output, StringComparison.Ordinal);
        Assert.Contains("eth0", inside.Output, StringComparison.Ordinal);
    }

    [NeedsFact(Needs.NetNamespaces)]
    public void Nothing_of_a_segment_stays()
    {
        string name;
        using (var segment = new NetSegment())
        {
            name = segment.AddHost().Name;
            segment.JoinMachine();
            Assert.True(File.Exists($"/run/netns/{name}"));
        }
        Assert.False(File.Exists($"/run/netns/{name}"));
        Assert.DoesNotContain(name[..8], Shell.Run("ip", "-brief", "link"), StringComparison.Ordinal);
    }
}
