using System.Diagnostics;
using System.Globalization;

namespace Voltaxe.Hub.Demo;

/// <summary>
/// A network namespace with one wire to this machine, for one demo agent: isolation in it is real and stays in it. This machine's
/// own firewall is never touched.
/// </summary>
public sealed class DemoNetwork : IDisposable
{
    private const string Prefix = "vtxdemo";

    private DemoNetwork(int index)
    {
        Name = $"{Prefix}{Environment.ProcessId}-{index}";
        // 198.18.0.0/15 is set aside for tests of network devices, so nobody's own network is hidden by it.
        var block = (Environment.ProcessId % 60) * 4 + index;
        HubAddress = $"198.18.{block}.1";
        AgentAddress = $"198.18.{block}.2";
        Wire = $"vd{Environment.ProcessId % 100000}-{index}";
    }

    public string Name { get; }
    public string HubAddress { get; }
    public string AgentAddress { get; }
    private string Wire { get; }

    /// <exception cref="InvalidOperationException">The kernel or the user's rights do not allow it; nothing is left behind.</exception>
    public static async Task<DemoNetwork> CreateAsync(int index, CancellationToken ct)
    {
        var network = new DemoNetwork(index);
        try
        {
            await IpAsync(ct, "netns", "add", network.Name);
            await IpAsync(ct, "link", "add", network.Wire, "type", "veth", "peer", "name", "eth0", "netns", network.Name);
            await IpAsync(ct, "addr", "add", network.HubAddress + "/30", "dev", network.Wire);
            await IpAsync(ct, "link", "set", network.Wire, "up");
            await IpAsync(ct, "-n", network.Name, "link", "set", "lo", "up");
            await IpAsync(ct, "-n", network.Name, "addr", "add", network.AgentAddress + "/30", "dev", "eth0");
            await IpAsync(ct, "-n", network.Name, "link", "set", "eth0", "up");
            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    /// <summary>Removes what demos left behind that were killed; those that still run keep theirs.</summary>
    public static async Task RemoveStaleAsync(CancellationToken ct)
    {
        foreach (var line in (await IpAsync(ct, "netns", "list")).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var name = line.Split(' ')[0];
            if (name.StartsWith(Prefix, StringComparison.Ordinal)
                && int.TryParse(name[Prefix.Length..].Split('-')[0], CultureInfo.InvariantCulture, out var pid)
                && !Directory.Exists($"/proc/{pid}"))
                await IpAsync(ct, "netns", "delete", name);
        }
    }

    /// <summary>A command line that runs a program inside.</summary>
    public IReadOnlyList<string> Enter(params string[] command) => ["ip", "netns", "exec", Name, .. command];

    public void Dispose()
    {
        using var delete = Process.Start(new ProcessStartInfo("ip", ["netns", "delete", Name]) { RedirectStandardError = true });
        delete?.WaitForExit(5000);
        using var wire = Process.Start(new ProcessStartInfo("ip", ["link", "delete", Wire]) { RedirectStandardError = true });
        wire?.WaitForExit(5000);
    }

    private static async Task<string> IpAsync(CancellationToken ct, params string[] arguments)
    {
        var (code, output) = await DemoPrograms.RunAsync(["ip", .. arguments], ct);
        return code == 0 ? output : throw new InvalidOperationException($"ip {string.Join(' ', arguments)}: {output.Trim()}");
    }
}
