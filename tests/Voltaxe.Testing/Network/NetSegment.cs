using System.Net;
using System.Security.Cryptography;
using Voltaxe.Testing.Processes;

namespace Voltaxe.Testing.Network;

/// <summary>
/// One Ethernet segment of a test: a switch in a network namespace of its own, and hosts plugged into it. The machine itself is
/// plugged in only on request, and its firewall is never touched. Everything goes at the end, also when the test run is killed.
/// </summary>
public sealed class NetSegment : IDisposable
{
    private const string Bridge = "vtxbr";

    /// <summary>Part of every name, so that tests/run.sh can sweep up after its own run and no other.</summary>
    private static readonly string RunTag =
        Environment.GetEnvironmentVariable("VOLTAXE_TEST_RUN") is { Length: 5 } tag ? tag : RandomNumberGenerator.GetHexString(5, lowercase: true);

    private const int FirstRouter = 254;

    private static int names;
    private readonly List<NetNamespace> hosts = [];
    private readonly NetNamespace wire;
    private readonly int net = RandomNumberGenerator.GetInt32(128, 255), subnet = RandomNumberGenerator.GetInt32(0, 256);
    private int routers;
    private string? machineEnd;
    private IDisposable? machineWill;

    public NetSegment()
    {
        wire = new NetNamespace(NextName());
        wire.Ip("link", "add", "name", Bridge, "type", "bridge", "forward_delay", "0");
        wire.Ip("link", "set", "dev", Bridge, "up");
    }

    /// <summary>Where this process's machine stands on the segment, after <see cref="JoinMachine"/>.</summary>
    public IPAddress? MachineV4 { get; private set; }

    /// <summary>A new host with an address of each family, up and reachable.</summary>
    public NetNamespace AddHost()
    {
        var host = new NetNamespace(NextName());
        hosts.Add(host);
        var (inner, port) = NextCable();
        wire.Ip("link", "add", "name", inner, "type", "veth", "peer", "name", port);
        Plug(port);
        wire.Ip("link", "set", "dev", inner, "netns", host.Name);
        host.Ip("link", "set", "dev", inner, "name", "eth0");
        host.Port = port;
        (host.V4, host.V6) = AddressesOf(hosts.Count + 1);
        host.Ip("addr", "add", $"{host.V4}/24", "dev", "eth0");
        host.Ip("addr", "add", $"{host.V6}/64", "dev", "eth0", "nodad");
        host.Ip("link", "set", "dev", "eth0", "up");
        return host;
    }

    /// <summary>Plugs this machine into the segment by a cable of its own: for what must run outside, as a browser. Gives its IPv4 address.</summary>
    public IPAddress JoinMachine()
    {
        if (MachineV4 is not null)
            return MachineV4;
        var (outer, port) = NextCable();
        machineWill = LastWill.Add($"ip link del dev {outer}");
        Shell.Run("ip", "link", "add", "name", outer, "type", "veth", "peer", "name", port);
        machineEnd = outer;
        Shell.Run("ip", "link", "set", "dev", port, "netns", wire.Name);
        Plug(port);
        var (v4, v6) = AddressesOf(1);
        Shell.Run("ip", "addr", "add", $"{v4}/24", "dev", outer);
        Shell.Run("ip", "addr", "add", $"{v6}/64", "dev", outer, "nodad");
        Shell.Run("ip", "link", "set", "dev", outer, "up");
        return MachineV4 = v4;
    }

    /// <summary>
    /// A router to another segment: a host of this one, plugged into the other by a second cable, <c>eth1</c>. The other's hosts answer by it
    /// when they are given it as their way (<see cref="NetNamespace.GoesBy"/>).
    /// </summary>
    /// <param name="mtu">The largest packet that the second cable carries.</param>
    public NetNamespace AddRouter(NetSegment to, int mtu = 1500)
    {
        var router = AddHost();
        to.Plug(router, mtu);
        return router;
    }

    /// <summary>Plugs a host of another segment into this one by a second cable, and makes it the router between them.</summary>
    public void Plug(NetNamespace router, int mtu = 1500)
    {
        var (inner, port) = NextCable();
        wire.Ip("link", "add", "name", inner, "type", "veth", "peer", "name", port);
        Plug(port);
        wire.Ip("link", "set", "dev", inner, "netns", router.Name);
        router.Ip("link", "set", "dev", inner, "name", "eth1", "mtu", mtu.ToString(System.Globalization.CultureInfo.InvariantCulture));
        (router.OtherV4, router.OtherV6) = AddressesOf(FirstRouter - routers++);
        router.Ip("addr", "add", $"{router.OtherV4}/24", "dev", "eth1");
        router.Ip("addr", "add", $"{router.OtherV6}/64", "dev", "eth1", "nodad");
        router.Ip("link", "set", "dev", "eth1", "up");
        router.Tool("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1");
    }

    /// <summary>
    /// The switch forwards multicast only where it was asked for, asks every second, and forgets within three who does not say it again.
    /// </summary>
    public void Snoop() => wire.Ip("link", "set", "dev", Bridge, "type", "bridge", "mcast_snooping", "1", "mcast_querier", "1", "mcast_mld_version", "2", "mcast_igmp_version", "3",
        "mcast_query_interval", "100", "mcast_query_response_interval", "50", "mcast_membership_interval", "250", "mcast_startup_query_interval", "50", "mcast_querier_interval", "1000");

    /// <summary>The multicast groups that the switch forwards to a host.</summary>
    public string GroupsOf(NetNamespace host) => string.Join('\n',
        wire.Tool("bridge", "mdb", "show", "dev", Bridge).Split('\n').Where(line => line.Contains($"port {PortOf(host)} ", StringComparison.Ordinal)));

    /// <summary>The switch's end of a host's cable, where frames arrive that no switch forwards.</summary>
    public FrameSocket SwitchEndOf(NetNamespace host) => new(wire, PortOf(host));

    /// <summary>The switch drops all that this host sends and is sent, and tells nobody: the host's link stays up.</summary>
    public void Cut(NetNamespace host) => wire.Ip("link", "set", "dev", PortOf(host), "nomaster");

    public void Heal(NetNamespace host) => wire.Ip("link", "set", "dev", PortOf(host), "master", Bridge);

    public void Dispose()
    {
        if (machineEnd is not null)
            Shell.Run("ip", "link", "del", "dev", machineEnd);
        machineWill?.Dispose();
        foreach (var host in hosts)
            host.Dispose();
        wire.Dispose();
    }

    private static string PortOf(NetNamespace host) => host.Port ?? throw new ArgumentException("not a host of a segment", nameof(host));

    private void Plug(string port)
    {
        wire.Ip("link", "set", "dev", port, "master", Bridge);
        wire.Ip("link", "set", "dev", port, "up");
    }

    private (IPAddress V4, IPAddress V6) AddressesOf(int number) =>
        (IPAddress.Parse($"10.{net}.{subnet}.{number}"), IPAddress.Parse($"fd00:{net:x}:{subnet:x}::{number:x}"));

    private static string NextName() => $"vtx{RunTag}n{Interlocked.Increment(ref names)}";

    /// <summary>Names of interfaces have at most 15 characters.</summary>
    private static (string Host, string Switch) NextCable()
    {
        var number = Interlocked.Increment(ref names);
        return ($"vtx{RunTag}a{number}", $"vtx{RunTag}b{number}");
    }
}
