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

    private static int names;
    private readonly List<NetNamespace> hosts = [];
    private readonly NetNamespace wire;
    private readonly int net = RandomNumberGenerator.GetInt32(128, 255), subnet = RandomNumberGenerator.GetInt32(0, 256);
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
