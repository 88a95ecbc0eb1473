using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Voltaxe.Agent.Platform.Linux;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Wire;
using Voltaxe.Testing;
using Voltaxe.Testing.Network;
using Voltaxe.Testing.Processes;

namespace Voltaxe.Agent.Tests.Isolation;

/// <summary>Sessions of containers, which live in network namespaces of their own behind the host and its address translation.</summary>
public sealed class ContainerTests
{
    /// <summary>A connection that is opened, waits to be told something, and says when it is over. Waits in the kernel meanwhile.</summary>
    internal const string Session = """
        import socket,sys
        s=socket.create_connection((sys.argv[1],int(sys.argv[2])),10); s.settimeout(None); s.sendall(b'x'); s.recv(1); print('session open',flush=True)
        try: got=s.recv(1)
        except OSError as e: got=b''
        print('session '+('alive' if got else 'dead'),flush=True)
        """;

    [ContainersFact]
    public async Task A_containers_session_is_dead_and_stays_dead_after_restore_whoever_holds_its_socket()
    {
        string? name = null;
        await using var rig = new Rig(link => link == name);
        using var container = new Container(rig.Host);
        name = container.Namespace;
        var attacker = rig.With(new Canary(rig.Peer));
        await using var held = container.Start(attacker);
        await held.WaitForLineAsync(new("session open"));
        // And one that a process outside of the container holds, as a container's runtime may.
        using var outside = await container.Inside.TryConnectAsync(attacker.Address, attacker.Port, TimeSpan.FromSeconds(5));
        Assert.True(await Canary.EchoesAsync(outside!, Eventually.Patience));
        var done = await rig.Rules.IsolateAsync(Guid.NewGuid(), new(null, []), false, default);
        Assert.False(done.Details.ContainsKey("sessions_not_ended"), done.Details.ToJsonString());
        await held.WaitForLineAsync(new("session dead"));
        await rig.Rules.RestoreAsync(Guid.NewGuid(), false, default);
        Assert.False(await Canary.EchoesAsync(outside!));
        Assert.True(await attacker.AnswersAsync(container.Inside, Eventually.Patience));
        Assert.DoesNotContain(attacker.Port.ToString(System.Globalization.CultureInfo.InvariantCulture) + " ", container.Inside.Tool("ss", "-tnH", "state", "established"), StringComparison.Ordinal);
    }

    [ContainersFact]
    public async Task A_session_that_ends_in_no_socket_of_the_host_is_named_and_reset_when_it_is_used()
    {
        // As a virtual machine's: nobody on the host can get at its sockets.
        await using var rig = new Rig(_ => false);
        using var machine = new Container(rig.Host);
        var attacker = rig.With(new Canary(rig.Peer));
        using var session = await machine.Inside.TryConnectAsync(attacker.Address, attacker.Port, TimeSpan.FromSeconds(5));
        Assert.True(await Canary.EchoesAsync(session!, Eventually.Patience));
        var done = await rig.Rules.IsolateAsync(Guid.NewGuid(), new(null, []), false, default);
        Assert.Contains("1 connection(s) that this host forwards", done.Details["sessions_not_ended"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Contains(attacker.Port.ToString(System.Globalization.CultureInfo.InvariantCulture), done.Details["sessions_not_ended"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.False(await Canary.EchoesAsync(session!));
        await rig.Rules.RestoreAsync(Guid.NewGuid(), false, default);
        Assert.False(await Canary.EchoesAsync(session!));
    }

    [Fact]
    public void Connections_are_read_from_proc_with_both_families_and_those_that_carry_nothing_are_left_out()
    {
        string[] lines =
        [
            "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
            "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 11 1 0 100 0 0 10 0",
            "   1: 0200070A:D431 0100070A:0050 01 00000000:00000000 00:00000000 00000000     0        0 12 1 0 20 4 30 10 -1",
            "   2: 0100007F:D431 0100007F:0050 01 00000000:00000000 00:00000000 00000000     0        0 13 1 0 20 4 30 10 -1",
            "   3: 0200070A:D432 0100070A:0050 06 00000000:00000000 00:00000000 00000000     0        0 0 1 0 20 4 30 10 -1",
            "   4: B80D0120000000000000000001000000:D433 B80D0120000000000000000002000000:01BB 01 00000000:00000000 00:00000000 00000000     0        0 14 1 0 20 4 30 10 -1",
            "   5: 0000000000000000FFFF00000200070A:D434 0000000000000000FFFF00000100070A:0050 08 00000000:00000000 00:00000000 00000000     0        0 15 1 0 20 4 30 10 -1",
            "torn",
        ];
        Assert.Equal(
            [
                new(IPEndPoint.Parse("10.7.0.2:54321"), IPEndPoint.Parse("10.7.0.1:80"), 12), new(IPEndPoint.Parse("[2001:db8::1]:54323"), IPEndPoint.Parse("[2001:db8::2]:443"), 14),
                new ProcTcp(IPEndPoint.Parse("10.7.0.2:54324"), IPEndPoint.Parse("10.7.0.1:80"), 15),
            ], ProcTcp.Read(lines));
    }

    [Fact]
    public void A_flow_is_read_as_it_began_and_as_it_is_answered() => Assert.Equal(
        new ForwardedFlows.Flow(IPEndPoint.Parse("172.17.0.2:53040"), IPEndPoint.Parse("203.0.113.9:443"), IPEndPoint.Parse("203.0.113.9:443")),
        ForwardedFlows.Read("tcp      6 431999 ESTABLISHED src=172.17.0.2 dst=203.0.113.9 sport=53040 dport=443 src=203.0.113.9 dst=192.0.2.5 sport=443 dport=53040 [ASSURED] mark=0 use=1"));

    /// <summary>A network namespace behind a host, which translates its address.</summary>
    private sealed class Container : IDisposable
    {
        private readonly NetSegment inner = new();

        public Container(NetNamespace host)
        {
            Inside = inner.AddHost();
            inner.Plug(host);
            Inside.GoesBy(host, other: true);
            host.Tool("nft", "add table ip nat; add chain ip nat post { type nat hook postrouting priority 100; }; add rule ip nat post oifname eth0 masquerade");
            Namespace = Inside.Run(() => new FileInfo("/proc/thread-self/ns/net").LinkTarget!);
        }

        public NetNamespace Inside { get; }
        public string Namespace { get; }

        public ChildProcess Start(Canary attacker) => ChildProcess.Start(Inside.Inside(new("python3",
            ["-c", Session, attacker.Address.ToString(), attacker.Port.ToString(System.Globalization.CultureInfo.InvariantCulture)])), "session");

        public void Dispose() => inner.Dispose();
    }
}

/// <summary>The agent as its host's own: first in a process tree in which a container runs, too.</summary>
public sealed class ContainersOfAnAgentTests : HostedAgent
{
    [ContainersFact]
    public async Task An_agent_ends_the_sessions_of_its_hosts_containers_with_no_more_than_its_units_capabilities()
    {
        await KillAsync();
        using var inner = new NetSegment();
        var container = inner.AddHost();
        inner.Plug(host);
        container.GoesBy(host, other: true);
        host.Tool("nft", "add table ip nat; add chain ip nat post { type nat hook postrouting priority 100; }; add rule ip nat post oifname eth0 masquerade");
        var unit = SourceTree.Read("packaging/voltaxe-agent.service");
        var capabilities = Regex.Match(unit, "^CapabilityBoundingSet=(.*)$", RegexOptions.Multiline).Groups[1].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var bounded = string.Join(',', capabilities.Select(c => "+" + c["CAP_".Length..].ToLowerInvariant()).Prepend("-all"));
        var session = $"ip netns exec {container.Name} python3 -c {Shell.Quote(ContainerTests.Session)} {canary.Address} {canary.Port} & exec setpriv --bounding-set={bounded} --inh-caps=-all --no-new-privs \"$@\"";
        await StartAsync(under: start => start.Under("sh", "-c", session, "sh").Under("unshare", "--pid", "--fork", "--mount-proc", "--kill-child"));
        await agent!.WaitForLineAsync(new("session open"));
        var isolated = await OrderAsync(CommandNames.NetworkIsolate);
        Assert.True(isolated is { Outcome: Outcome.Executed, Verified: true }, $"{isolated.Message} {isolated.Data}\n{agent!.Output}");
        Assert.False(isolated.Data!.Value.TryGetProperty("sessions_not_ended", out var left), left.ToString());
        Assert.False(isolated.Data!.Value.TryGetProperty("other_namespaces", out var why), why.ToString());
        await agent.WaitForLineAsync(new("session dead"));
        await OrderAsync(CommandNames.NetworkRestore);
    }
}

/// <summary>Skipped by name where the machine cannot translate addresses, or lacks the programs.</summary>
internal sealed class ContainersFactAttribute : FactAttribute
{
    public ContainersFactAttribute() => Skip = Machine.WhatIsMissing(Needs.Linux | Needs.Root | Needs.NetNamespaces | Needs.Nft)
        ?? (Machine.Find("python3") is null ? "This machine lacks python3" : null)
        ?? (Machine.Find("conntrack") is null ? "This machine lacks conntrack" : null);
}
