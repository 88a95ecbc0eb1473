using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Voltaxe.Agent.Actions;
using Voltaxe.Agent.Execution;
using Voltaxe.Agent.Execution.Journalling;
using Voltaxe.Agent.Platform;
using Voltaxe.Agent.Platform.Linux;
using Voltaxe.Agent.Platform.Rules;
using Voltaxe.Agent.Tests.Execution;
using Voltaxe.Contracts.Commands;
using Voltaxe.Testing;
using Voltaxe.Testing.Network;

namespace Voltaxe.Agent.Tests.Isolation;

/// <summary>
/// The isolation of one agent on a host of its own, real rules in a real kernel, beside a hub that echoes: a sync is a byte that comes back
/// through the rules. The agent's clock stands still until a test moves it.
/// </summary>
internal sealed class Rig : IAsyncDisposable
{
    private readonly TempFolder folder = new("isolation");
    private readonly NetSegment segment = new();
    private readonly List<IAsyncDisposable> more = [];
    private readonly CancellationTokenSource stop = new();
    private readonly Task speaking;
    private readonly HubContact contact;
    private readonly Outbox outbox;

    /// <param name="isContainer">Which other network namespaces (as <c>/proc/PID/ns/net</c> names them) are the host's; null: none is looked at.</param>
    public Rig(Func<string, bool>? isContainer = null)
    {
        Host = segment.AddHost();
        Peer = segment.AddHost();
        Hub = new Canary(Peer);
        Where = new Whereabouts { Hub = new IPEndPoint(Hub.Address, Hub.Port) };
        contact = new HubContact(Time);
        outbox = new Outbox(Time);
        var clock = new HubClock(Time, "boot-1");
        clock.Set(Time.GetUtcNow());
        var exec = new Exec("ip", "netns", "exec", Host.Name);
        var nft = new Nft(exec, Exec.Find("nft")!);
        var firewall = new Watched(new NftFirewall(nft, new NetworkLook(exec, Exec.Find("ip"), Exec.Find("tc"), Exec.Find("nft")), new SocketKiller(exec, Exec.Find("ss")),
            isContainer is null ? null : new HostSessions(new NamespaceSessions(isContainer), new ForwardedFlows(exec, Exec.Find("ip"), Exec.Find("conntrack"))), new IsolationNews(News.Add, Time)), () =>
        {
            Rolled++;
            OnRollBack();
        });
        Rules = new RulesIsolation(firewall, Where, new IsolationStore(folder.File("isolation.json")),
            new IsolationTies("boot-1", Time.GetUtcNow, () => contact.HeardWithin(IsolationProof.Recent), NewSocket, TimeProvider.System));
        var platform = new HostPlatform("linux", Rules, null, null);
        var proof = new IsolationProof(contact, clock, outbox, Time);
        Watch = new IsolationWatch(platform, proof, outbox, (kind, uid, _) => Events.Add((kind, uid)), Time, NullLogger<IsolationWatch>.Instance);
        Isolate = new NetworkIsolate(platform, proof, Watch);
        speaking = SpeakAsync();
    }

    public ManualClock Time { get; } = new(Orders.Noon);
    public NetSegment Segment => segment;
    public NetNamespace Host { get; }
    public NetNamespace Peer { get; }
    public Canary Hub { get; }
    public Whereabouts Where { get; }
    public RulesIsolation Rules { get; }
    public IsolationWatch Watch { get; }
    public NetworkIsolate Isolate { get; }
    public List<(string Kind, Guid? Uid)> Events { get; } = [];
    public List<JsonObject> News { get; } = [];
    public int Syncs { get; private set; }
    /// <summary>The hub accepts connections and answers no sync.</summary>
    public bool HubIsBusy { get; set; }

    /// <summary>How often rules were taken away.</summary>
    public int Rolled { get; private set; }
    public Action OnRollBack { get; set; } = static () => { };

    /// <summary>From here on nothing reaches the hub, and nobody is told: as when it dies, or a cable does.</summary>
    public void CutHub() => Peer.Tool("nft", "add table inet cut; add chain inet cut in { type filter hook input priority 0; }; add rule inet cut in meta l4proto tcp drop");

    public void ReconnectHub() => Peer.Tool("nft", "delete table inet cut");

    public string Tables => Host.Tool("nft", "list", "tables");

    /// <summary>The hub is asked and answers, and a second passes.</summary>
    public async Task HearAsync()
    {
        outbox.RingNow();
        await Eventually.TrueAsync(() => contact.HeardWithin(TimeSpan.Zero));
        Time.Advance(TimeSpan.FromSeconds(1));
    }

    public Task<ActionResult> IsolateAsync(int number, bool resumed = false, params string[] allow) => Isolate.RunAsync(
        new ActionOrder(Orders.Uid(number), Orders.Command(number) with { Params = JsonSerializer.SerializeToElement(new { allow }) }, resumed), stop.Token);

    /// <summary>Lets the time pass that the agent waits for.</summary>
    public async Task<ActionResult> PassAsync(Task<ActionResult> running)
    {
        await Eventually.TrueAsync(() =>
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            return running.IsCompleted;
        });
        return await running;
    }

    /// <summary>An open connection, both ends in the test's hands.</summary>
    public async Task<(Socket Client, Socket Server)> PairAsync(NetNamespace from, NetNamespace to, AddressFamily family)
    {
        var address = family == AddressFamily.InterNetwork ? to.V4 : to.V6;
        using var listener = to.Run(() =>
        {
            var made = new TcpListener(address, 0);
            made.Start();
            return made;
        });
        var accepting = listener.AcceptSocketAsync();
        var client = await from.TryConnectAsync(address, ((IPEndPoint)listener.LocalEndpoint).Port, TimeSpan.FromSeconds(2));
        return (client ?? throw new InvalidOperationException($"{to.Name} cannot be reached"), await accepting.Within());
    }

    /// <summary>Goes with this rig, before its hosts do.</summary>
    public T With<T>(T held) where T : IAsyncDisposable
    {
        more.Insert(0, held);
        return held;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var held in more)
            await held.DisposeAsync();
        await stop.CancelAsync();
        await speaking;
        await Hub.DisposeAsync();
        segment.Dispose();
        stop.Dispose();
        folder.Dispose();
    }

    private Socket NewSocket(AddressFamily family) => Host.Run(() => new Socket(family, SocketType.Stream, ProtocolType.Tcp));

    private async Task SpeakAsync()
    {
        try
        {
            while (true)
            {
                await outbox.WaitAsync(Timeout.InfiniteTimeSpan, stop.Token);
                Syncs++;
                var began = Time.GetTimestamp();
                if (await Hub.AnswersAsync(Host, TimeSpan.FromSeconds(3)) && !HubIsBusy)
                    contact.Answered(began);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The test is over.
        }
    }

    /// <summary>The firewall, and a word when its rules are taken away.</summary>
    private sealed class Watched(IFirewall inner, Action removed) : IFirewall
    {
        public Task<string?> DigestAsync(CancellationToken ct) => inner.DigestAsync(ct);
        public Task LoadAsync(Passage passage, CancellationToken ct) => inner.LoadAsync(passage, ct);
        public Task FinishAsync(Passage passage, bool fresh, JsonObject details, CancellationToken ct) => inner.FinishAsync(passage, fresh, details, ct);
        public Task<bool> TendAsync(Passage passage, CancellationToken ct) => inner.TendAsync(passage, ct);
        public Task<long?> RefusedAsync(CancellationToken ct) => inner.RefusedAsync(ct);

        public async Task RemoveAsync(CancellationToken ct)
        {
            await inner.RemoveAsync(ct);
            removed();
        }
    }

    internal sealed class Whereabouts : IHubWhereabouts
    {
        public required IPEndPoint Hub { get; set; }

        public Task<IReadOnlyDictionary<string, string[]>> ResolveAsync(CancellationToken ct) => Task.FromResult<IReadOnlyDictionary<string, string[]>>(
            new Dictionary<string, string[]> { [$"hub:{Hub.Port.ToString(CultureInfo.InvariantCulture)}"] = [Hub.Address.ToString()] });

        public IReadOnlyList<IPEndPoint> EndPoints(IReadOnlyDictionary<string, string[]> resolved) =>
            [.. resolved.SelectMany(r => r.Value.Select(a => new IPEndPoint(IPAddress.Parse(a), int.Parse(r.Key.Split(':')[1], CultureInfo.InvariantCulture))))];

        public void Pin(IReadOnlyDictionary<string, string[]>? addresses)
        {
            // The byte that is a sync goes to the hub's address anyway.
        }
    }
}
