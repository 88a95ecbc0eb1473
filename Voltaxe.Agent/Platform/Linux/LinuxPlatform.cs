using System.Globalization;
using Voltaxe.Agent.Configuration;
using Voltaxe.Agent.Platform.Linux.Forensics;
using Voltaxe.Agent.Platform.Rules;
using Voltaxe.Contracts.Commands;

namespace Voltaxe.Agent.Platform.Linux;

/// <summary>Finds out what this Linux host lets the agent do.</summary>
public static class LinuxPlatform
{
    private const int NetAdmin = 12;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    public static async Task<HostPlatform> MakeAsync(IHubWhereabouts hubs, StateFolder folder, IsolationTies ties, LinuxForensics forensics, ProtectedProcesses guarded, CancellationToken ct)
    {
        var exec = new Exec();
        var missing = new Dictionary<string, string>(StringComparer.Ordinal);
        RulesIsolation? isolation = null;
        if (await WhyNotIsolateAsync(exec, ct) is { } why)
        {
            missing[CommandNames.NetworkIsolate] = $"this host cannot be isolated: {why}";
            missing[CommandNames.NetworkRestore] = missing[CommandNames.NetworkIsolate];
        }
        else
        {
            var store = new IsolationStore(folder.IsolationFile);
            var nft = new Nft(exec, Exec.Find("nft")!);
            var sessions = new HostSessions(new NamespaceSessions(), new ForwardedFlows(exec, Exec.Find("ip"), Exec.Find("conntrack")));
            var firewall = new NftFirewall(nft, new NetworkLook(exec, Exec.Find("ip"), Exec.Find("tc"), Exec.Find("nft")), new SocketKiller(exec, Exec.Find("ss")), sessions,
                new IsolationNews(data => ties.News?.Invoke(store.Read()?.Uid, data), ties.Time));
            isolation = new RulesIsolation(firewall, hubs, store, ties);
            hubs.Pin(store.Read()?.Hubs);
        }
        return new HostPlatform("linux", isolation, new LinuxProcesses(ties.BootId, Grace, guarded), forensics) { Missing = missing, Notices = new LinuxNoticeBoard(exec, Exec.Find) };
    }

    /// <param name="own">The agent's state folder.</param>
    /// <param name="tempFolders">Null: the usual ones.</param>
    public static LinuxForensics Forensics(IsolationTies ties, string own, IReadOnlyList<string>? tempFolders)
    {
        var usual = new ForensicSources { Own = own };
        return new(ties.BootId, usual with { TempFolders = tempFolders ?? usual.TempFolders }, ties.Time);
    }

    private static async Task<string?> WhyNotIsolateAsync(Exec exec, CancellationToken ct)
    {
        if (Exec.Find("nft") is not { } nft)
            return "the program nft (package nftables) is not installed";
        if (!HasCapability(File.ReadAllText("/proc/self/status"), NetAdmin))
            return "the agent lacks CAP_NET_ADMIN";
        return await new Nft(exec, nft).WhyNotAsync(ct);
    }

    internal static bool HasCapability(string status, int capability)
    {
        var line = status.Split('\n').First(l => l.StartsWith("CapEff:", StringComparison.Ordinal));
        return (ulong.Parse(line["CapEff:".Length..].Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) >> capability & 1) == 1;
    }
}
