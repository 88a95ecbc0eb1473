using System.Diagnostics;
using System.Net;
using Voltaxe.Agent.Platform;
using Voltaxe.Agent.Platform.Linux;
using Voltaxe.Agent.Platform.Rules;
using Voltaxe.Agent.Tests.Execution;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Wire;
using Voltaxe.Testing;

namespace Voltaxe.Agent.Tests.Platform;

/// <summary>Real rules in a real kernel, in two network namespaces: the host, and a peer with a hub port and a canary port.</summary>
public sealed class NetworkIsolationTests : IAsyncLifetime
{
    private const int HubPort = 18080, CanaryPort = 18081;
    private static int made;

    private readonly string folder = Directory.CreateTempSubdirectory("voltaxe-net-").FullName;
    private readonly string host = $"vxh{Environment.ProcessId}x{Interlocked.Increment(ref made)}";
    private readonly List<Process> started = [];
    private readonly Where where = new();

    private string Peer => host + "p";

    private RulesIsolation Isolation => With(Exec.Find("nft")!);

    private string NotePath => Path.Combine(folder, "isolation.json");

    private RulesIsolation With(string nft) => new(new NftFirewall(new Nft(new Exec("ip", "netns", "exec", host), nft),
        new NetworkLook(new Exec("ip", "netns", "exec", host), Exec.Find("ip"), Exec.Find("tc"), nft),
        new SocketKiller(new Exec("ip", "netns", "exec", host), Exec.Find("ss"))), where, new IsolationStore(NotePath),
        new IsolationTies("boot-1", () => Orders.Noon, () => false, IsolationTies.HostSocket, TimeProvider.System));

    public async Task InitializeAsync()
    {
        if (Machine.WhatIsMissing(Needs.Root | Needs.NetNamespaces | Needs.Nft) is not null)
            return;
        await RunAsync("ip", "netns", "add", host);
        await RunAsync("ip", "netns", "add", Peer);
        await RunAsync("ip", "link", "add", "veth0", "netns", host, "type", "veth", "peer", "name", "veth0", "netns", Peer);
        foreach (var (ns, last) in ((string, int)[])[(host, 2), (Peer, 1)])
        {
            await In(ns, "ip", "addr", "add", $"10.77.0.{last}/24", "dev", "veth0");
            await In(ns, "ip", "addr", "add", $"fd77::{last}/64", "dev", "veth0", "nodad");
            await In(ns, "ip", "link", "set", "veth0", "up");
            await In(ns, "ip", "link", "set", "lo", "up");
        }
        foreach (var port in (int[])[HubPort, CanaryPort])
            Background(Peer, "python3", "-c", EchoServer, port.ToString(System.Globalization.CultureInfo.InvariantCulture));
        await Eventually.TrueAsync(async () => await ReachesAsync("10.77.0.1", HubPort) && await ReachesAsync("10.77.0.1", CanaryPort));
    }

    public async Task DisposeAsync()
    {
        foreach (var process in started)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            process.Dispose();
        }
        if (Machine.WhatIsMissing(Needs.Root | Needs.NetNamespaces | Needs.Nft) is null)
        {
            await new Exec().RunAsync("ip", ["netns", "del", host], null, default);
            await new Exec().RunAsync("ip", ["netns", "del", Peer], null, default);
        }
        Directory.Delete(folder, recursive: true);
    }

    [NeedsFact(Needs.Root | Needs.NetNamespaces | Needs.Nft)]
    public async Task Isolated_the_canary_is_out_of_reach_and_the_hub_is_not_over_both_families()
    {
        foreach (var address in (string[])["10.77.0.1", "fd77::1"])
        {
            where.Hub = [address];
            Assert.True(await ReachesAsync(address, CanaryPort));
            var done = await Isolation.IsolateAsync(Guid.NewGuid(), new IsolateParams(null, []), false, default);
            Assert.True(done.Changed);
            await In(host, "ip", "neigh", "flush", "all");
            Assert.True(await ReachesAsync(address, HubPort), "the hub must stay in reach");
            Assert.False(await ReachesAsync(address, CanaryPort), "the canary must not be in reach");
            Assert.Equal((true, RulesState.Intact), (await Isolation.ObserveAsync(default)) is var o ? (o.Isolated, o.Rules) : default);
            await Isolation.RestoreAsync(Guid.NewGuid(), false, default);
            Assert.True(await ReachesAsync(address, CanaryPort));
        }
    }

    [NeedsFact(Needs.Root | Needs.NetNamespaces | Needs.Nft)]
    public async Task Other_tables_are_byte_identical_after_isolate_and_restore()
    {
        await In(host, "nft", "add table inet mine; add chain inet mine in { type filter hook input priority 0; policy accept; }; add rule inet mine in tcp dport 22 counter accept");
        await In(host, "nft", "add table ip nat; add chain ip nat post { type nat hook postrouting priority 100; }; add rule ip nat post oifname veth0 masquerade");
        var before = await In(host, "nft", "-s", "list", "ruleset");
        await Isolation.IsolateAsync(Guid.NewGuid(), new IsolateParams(null, []), false, default);
        Assert.NotEqual(before, await In(host, "nft", "-s", "list", "ruleset"));
        await Isolation.RestoreAsync(Guid.NewGuid(), false, default);
        Assert.Equal(before, await In(host, "nft", "-s", "list", "ruleset"));
        Assert.False((await Isolation.RestoreAsync(Guid.NewGuid(), false, default)).Changed);
    }

    [NeedsFact(Needs.Root | Needs.NetNamespaces | Needs.Nft)]
    public async Task Isolating_an_isolated_host_changes_nothing_unless_the_allow_list_differs()
    {
        var uid = Guid.NewGuid();
        Assert.True((await Isolation.IsolateAsync(uid, new IsolateParams(null, []), false, default)).Changed);
        Assert.False((await Isolation.IsolateAsync(Guid.NewGuid(), new IsolateParams(null, []), false, default)).Changed);
        Assert.False(await ReachesAsync("10.77.0.1", CanaryPort));
        Assert.True((await Isolation.IsolateAsync(Guid.NewGuid(), new IsolateParams(null, ["10.77.0.9/24"]), false, default)).Changed);
        Assert.True(await ReachesAsync("10.77.0.1", CanaryPort));
        Assert.Equal(Orders.Noon, (await Isolation.ObserveAsync(default)).Since);
    }

    [NeedsFact(Needs.Root | Needs.NetNamespaces | Needs.Nft)]
    public async Task After_a_crash_an_applied_isolation_is_found_and_a_missing_one_is_applied()
    {
        var uid = Guid.NewGuid();
        await Isolation.IsolateAsync(uid, new IsolateParams(null, []), false, default);
        Assert.Contains("found applied", (await Isolation.IsolateAsync(uid, new IsolateParams(null, []), true, default)).Message, StringComparison.Ordinal);
        await In(host, "nft", "delete", "table", "inet", "voltaxe");
        Assert.Equal((false, RulesState.Missing), (await Isolation.ObserveAsync(default)) is var o ? (o.Isolated, o.Rules) : default);
        Assert.True((await Isolation.IsolateAsync(uid, new IsolateParams(null, []), true, default)).Changed);
        Assert.False(await ReachesAsync("10.77.0.1", CanaryPort));
    }

    [NeedsFact(Needs.Root | Needs.NetNamespaces | Needs.Nft)]
    public async Task After_a_crash_right_behind_the_load_the_hub_is_still_found_and_the_isolation_is_completed()
    {
        var uid = Guid.NewGuid();
        await Isolation.IsolateAsync(uid, new IsolateParams(null, []), false, default);
        // As it is on the disk between the load and the last step.
        (IsolationFile.Read(NotePath)! with { Digest = null }).Write(NotePath);
        Assert.Equal(["10.77.0.1"], IsolationFile.Read(NotePath)!.Hubs["hub:18080"]);
        Assert.False((await Isolation.ObserveAsync(default)).Isolated);
        Assert.True((await Isolation.IsolateAsync(uid, new IsolateParams(null, []), true, default)).Changed);
        Assert.Equal((true, RulesState.Intact), (await Isolation.ObserveAsync(default)) is var o ? (o.Isolated, o.Rules) : default);
    }

    [NeedsFact(Needs.Root | Needs.NetNamespaces | Needs.Nft)]
    public async Task Before_the_rules_are_loaded_it_is_written_down_where_the_hub_is()
    {
        var nft = await ScriptAsync($"#!/bin/sh\nif [ \"$1\" = -f ] && [ ! -e {NotePath}.seen ]; then cp {NotePath} {NotePath}.seen; fi\nexec {Exec.Find("nft")} \"$@\"\n");
        await With(nft).IsolateAsync(Guid.NewGuid(), new IsolateParams(null, []), false, default);
        var then = IsolationFile.Read(NotePath + ".seen")!;
        Assert.Equal(["10.77.0.1"], then.Hubs["hub:18080"]);
        Assert.Null(then.Digest);
    }

    [NeedsFact(Needs.Root | Needs.NetNamespaces | Needs.Nft)]
    public async Task Rules_that_are_refused_leave_everything_as_it_was()
    {
        var nft = await ScriptAsync($"#!/bin/sh\nif [ \"$1\" = -f ]; then echo no >&2; exit 1; fi\nexec {Exec.Find("nft")} \"$@\"\n");
        var refused = await Assert.ThrowsAsync<PlatformException>(() => With(nft).IsolateAsync(Guid.NewGuid(), new IsolateParams(null, []), false, default));
        Assert.Equal("rules_refused", refused.Error);
        Assert.Null(where.Pinned);
        Assert.False(File.Exists(NotePath));
        Assert.Equal(RulesState.None, (await Isolation.ObserveAsync(default)).Rules);
    }

    [NeedsFact(Needs.Root | Needs.NetNamespaces | Needs.Nft)]
    public async Task A_nft_that_is_killed_after_its_work_is_done_has_done_it()
    {
        var nft = await ScriptAsync($"#!/bin/sh\n{Exec.Find("nft")} \"$@\" || exit $?\nif [ \"$1\" = -f ]; then kill -TERM $$; fi\n");
        Assert.True((await With(nft).IsolateAsync(Guid.NewGuid(), new IsolateParams(null, []), false, default)).Changed);
        Assert.Equal(RulesState.Intact, (await Isolation.ObserveAsync(default)).Rules);
        Assert.True((await With(nft).RestoreAsync(Guid.NewGuid(), false, default)).Changed);
        Assert.Equal(RulesState.None, (await Isolation.ObserveAsync(default)).Rules);
    }

    [NeedsFact(Needs.Root | Needs.NetNamespaces | Needs.Nft)]
    public async Task A_disk_that_takes_nothing_does_not_keep_the_host_from_being_isolated_and_restored()
    {
        // A folder in the way: whatever is written to this path fails, as it does on a full disk.
        Directory.CreateDirectory(NotePath + ".next");
        var isolation = Isolation;
        var done = await isolation.IsolateAsync(Guid.NewGuid(), new IsolateParams(null, []), false, default);
        Assert.True(done.Changed);
        Assert.True(done.Details.ContainsKey("not_written_down"));
        Assert.False(await ReachesAsync("10.77.0.1", CanaryPort));
        Assert.Equal((true, RulesState.Intact), (await isolation.ObserveAsync(default)) is var o ? (o.Isolated, o.Rules) : default);
        Assert.True((await isolation.RestoreAsync(Guid.NewGuid(), false, default)).Changed);
        Assert.Equal(RulesState.None, (await isolation.ObserveAsync(default)).Rules);
        Assert.True(await ReachesAsync("10.77.0.1", CanaryPort));
    }

    [NeedsFact(Needs.Root | Needs.NetNamespaces | Needs.Nft)]
    public async Task A_note_that_cannot_be_read_does_not_stop_the_next_isolation()
    {
        await File.WriteAllTextAsync(NotePath, "{ torn");
        Assert.True((await Isolation.IsolateAsync(Guid.NewGuid(), new IsolateParams(null, []), false, default)).Changed);
        Assert.Equal(RulesState.Intact, (await Isolation.ObserveAsync(default)).Rules);
    }

    [NeedsFact(Needs.Root | Needs.NetNamespaces | Needs.Nft)]
    public async Task Rules_that_somebody_changed_are_seen_as_tampered()
    {
        await Isolation.IsolateAsync(Guid.NewGuid(), new IsolateParams(null, []), false, default);
        await In(host, "nft", "insert", "rule", "inet", "voltaxe", "output", "accept");
        Assert.Equal((false, RulesState.Tampered), (await Isolation.ObserveAsync(default)) is var o ? (o.Isolated, o.Rules) : default);
    }

    [NeedsFact(Needs.Root | Needs.NetNamespaces | Needs.Nft)]
    public async Task Sessions_from_before_are_dead_and_stay_dead_after_restore_and_the_quiet_one_to_the_hub_lives()
    {
        var stranger = Background(host, "python3", "-c", QuietClient, "10.77.0.1", CanaryPort.ToString(System.Globalization.CultureInfo.InvariantCulture));
        var toHub = Background(host, "python3", "-c", QuietClient, "10.77.0.1", HubPort.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal("open", await stranger.StandardOutput.ReadLineAsync().Within());
        Assert.Equal("open", await toHub.StandardOutput.ReadLineAsync().Within());

        var done = await Isolation.IsolateAsync(Guid.NewGuid(), new IsolateParams(null, ["10.99.0.0/16", "192.0.2.1", "2001:db8::/32", "2001:db8::1"]), false, default);

        Assert.False(done.Details.ContainsKey("sessions_not_ended"), done.Details.ToJsonString());
        await Isolation.RestoreAsync(Guid.NewGuid(), false, default);
        await stranger.StandardInput.WriteLineAsync("ping");
        await stranger.StandardInput.FlushAsync();
        Assert.Equal("dead", await stranger.StandardOutput.ReadLineAsync().Within());
        await toHub.StandardInput.WriteLineAsync("ping");
        await toHub.StandardInput.FlushAsync();
        Assert.Equal("ping", await toHub.StandardOutput.ReadLineAsync().Within());
    }

    [NeedsFact(Needs.Root | Needs.NetNamespaces | Needs.Nft)]
    public async Task When_no_hub_resolves_nothing_is_changed()
    {
        where.Hub = [];
        var refused = await Assert.ThrowsAsync<PlatformException>(() => Isolation.IsolateAsync(Guid.NewGuid(), new IsolateParams(null, []), false, default));
        Assert.Equal("hub_unresolved", refused.Error);
        Assert.True(await ReachesAsync("10.77.0.1", CanaryPort));
        Assert.Equal(RulesState.None, (await Isolation.ObserveAsync(default)).Rules);
    }

    [NeedsFact(Needs.Root | Needs.NetNamespaces | Needs.Nft)]
    public async Task The_address_book_keeps_what_the_rules_let_through_until_they_are_gone()
    {
        await Isolation.IsolateAsync(Guid.NewGuid(), new IsolateParams(null, []), false, default);
        Assert.Equal(["10.77.0.1"], where.Pinned!["hub:18080"]);
        await Isolation.RestoreAsync(Guid.NewGuid(), false, default);
        Assert.Null(where.Pinned);
    }

    private const string EchoServer = """
        import socket,sys,threading
        s=socket.socket(socket.AF_INET6); s.setsockopt(socket.SOL_SOCKET,socket.SO_REUSEADDR,1); s.setsockopt(socket.IPPROTO_IPV6,socket.IPV6_V6ONLY,0)
        s.bind(("::",int(sys.argv[1]))); s.listen()
        def serve(c):
            try:
                while (d:=c.recv(99)): c.sendall(d)
            except OSError: pass
        while True: threading.Thread(target=serve,args=(s.accept()[0],),daemon=True).start()
        """;

    private const string QuietClient = """
        import socket,sys
        s=socket.create_connection((sys.argv[1],int(sys.argv[2])),5); s.settimeout(5); print("open",flush=True)
        line=sys.stdin.readline()
        try:
            s.sendall(line.encode()); print(s.recv(99).decode().strip() or "dead",flush=True)
        except OSError: print("dead",flush=True)
        """;

    /// <summary>A program that stands in for nft and can call it.</summary>
    private async Task<string> ScriptAsync(string text)
    {
        var path = Path.Combine(folder, "nft");
        await File.WriteAllTextAsync(path, text);
        await RunAsync("chmod", "+x", path);
        return path;
    }

    private async Task<bool> ReachesAsync(string address, int port) => (await new Exec("ip", "netns", "exec", host).RunAsync("python3",
        ["-c", "import socket,sys; s=socket.create_connection((sys.argv[1],int(sys.argv[2])),2); s.sendall(b'x'); sys.exit(0 if s.recv(1)==b'x' else 1)", address, port.ToString(System.Globalization.CultureInfo.InvariantCulture)], null, default)).ExitCode == 0;

    private Process Background(string ns, params string[] line)
    {
        var process = Process.Start(new ProcessStartInfo("ip", ["netns", "exec", ns, .. line]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        started.Add(process);
        return process;
    }

    private static Task<string> In(string ns, string program, params string[] arguments) => RunAsync("ip", ["netns", "exec", ns, program, .. arguments]);

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        var ran = await new Exec().RunAsync(program, arguments, null, default);
        Assert.True(ran.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {ran.Error}");
        return ran.Output;
    }

    private sealed class Where : IHubWhereabouts
    {
        public string[] Hub { get; set; } = ["10.77.0.1"];
        public IReadOnlyDictionary<string, string[]>? Pinned { get; private set; }

        public Task<IReadOnlyDictionary<string, string[]>> ResolveAsync(CancellationToken ct) =>
            Task.FromResult<IReadOnlyDictionary<string, string[]>>(Hub.Length == 0 ? new Dictionary<string, string[]>() : new Dictionary<string, string[]> { ["hub:18080"] = Hub });

        public IReadOnlyList<IPEndPoint> EndPoints(IReadOnlyDictionary<string, string[]> resolved) => [.. resolved.Values.SelectMany(v => v).Select(a => new IPEndPoint(IPAddress.Parse(a), HubPort))];

        public void Pin(IReadOnlyDictionary<string, string[]>? addresses) => Pinned = addresses;
    }
}
