using System.Text.Json;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Commands;
using Voltaxe.Hub.Delivery;
using Voltaxe.Hub.Domain;
using Voltaxe.Hub.Live;
using Voltaxe.Hub.Persistence;
using Voltaxe.Hub.Pipeline;
using Voltaxe.Hub.Security;
using Voltaxe.Testing;

namespace Voltaxe.Hub.Tests.Delivery;

/// <summary>The queue on a real database, with a clock that stands still and no background loops: passes are called by the tests.</summary>
public sealed class Queue : IAsyncDisposable
{
    private readonly TempFolder folder = new("queue");
    private readonly ServiceProvider services;

    private Queue(string? connectionString, DeliveryLimits? limits)
    {
        Options = new HubOptions { DataDirectory = folder.Root, Delivery = limits ?? new DeliveryLimits() };
        ConnectionString = connectionString ?? $"Data Source={folder.File("voltaxe.db")}";
        services = new ServiceCollection()
            .AddLogging()
            .AddSingleton<TimeProvider>(Clock)
            .AddSingleton(Options)
            .AddSingleton(_ => new HubKeys(Options.Keys))
            .AddSingleton<CommandSeals>()
            .AddPersistence(Options, ConnectionString)
            .AddPipeline()
            .AddDelivery()
            .AddSingleton<LiveFeed>()
            .BuildServiceProvider();
    }

    public static Caller Ana { get; } = new("ana", Role.Admin);

    public ManualClock Clock { get; } = new();
    public HubOptions Options { get; }
    public string ConnectionString { get; }
    public HubStore Store => Get<HubStore>();
    public HubKeys Keys => Get<HubKeys>();
    public AgentLinks Links => Get<AgentLinks>();
    public PushPump Pump => Get<PushPump>();
    public Sweeper Sweeper => Get<Sweeper>();

    public static async Task<Queue> OpenAsync(string? connectionString, DeliveryLimits? limits = null)
    {
        var queue = new Queue(connectionString, limits);
        await queue.Get<HubDbFactory>().MigrateAsync(Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance, TimeProvider.System, default);
        await ActivatorUtilities.CreateInstance<Bells>(queue.services).StartAsync(default);
        return queue;
    }

    public T Get<T>() where T : notnull => services.GetRequiredService<T>();

    public async Task<Result<T>> SendAsync<T>(IRequest<Result<T>> request)
    {
        await using var scope = services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<IMediator>().Send(request);
    }

    public async Task<QueueAgent> EnrolAsync(string host, bool legacy = false)
    {
        var id = "a-" + Contracts.Crypto.AgentIds.Encode(Guid.NewGuid().ToByteArray().Concat(Guid.NewGuid().ToByteArray()).ToArray())[..26];
        await Store.WriteAsync((write, _) =>
        {
            write.Db.Agents.Add(new Hub.Domain.Agent { Id = id, Hostname = host, HostnameKey = host.ToLowerInvariant(), Legacy = legacy, EnrolledAt = write.Now });
            return Task.FromResult(0);
        }, default);
        return new QueueAgent(this, id, host);
    }

    public async Task<CommandView> QueueAsync(string command, string host, object? parameters = null, int? priority = null, DateTimeOffset? notBefore = null, int? expires = null) =>
        (await TryQueueAsync(command, [host], parameters, priority, notBefore, expires)).Value.Commands.Single();

    public Task<Result<QueuedCommands>> TryQueueAsync(string command, IReadOnlyList<string> hosts, object? parameters = null, int? priority = null, DateTimeOffset? notBefore = null, int? expires = null) =>
        SendAsync(new QueueCommands.Request(Ana, new NewCommands
        {
            Command = command,
            Hosts = hosts,
            Params = parameters is null ? null : JsonSerializer.SerializeToElement(parameters),
            Reason = "because it must be",
            Priority = priority,
            NotBefore = notBefore,
            ExpiresInSeconds = expires,
        }));

    public Task<CommandView> IsolateAsync(string host) => QueueAsync(CommandNames.NetworkIsolate, host);

    public Task<CommandView> RestoreAsync(string host) => QueueAsync(CommandNames.NetworkRestore, host);

    public Task<CommandView> KillAsync(string host) => QueueAsync(CommandNames.KillProcess, host, new { pid = 4711, name = "evil" });

    public Task<Result<CommandView>> CancelAsync(long id) => SendAsync(new CancelCommand.Request(Ana, id, "changed my mind"));

    public async Task<Command> RowAsync(long id) => await Store.ReadAsync((db, ct) => db.Commands.SingleAsync(c => c.Id == id, ct), default);

    public async Task<CommandStatus> StatusAsync(long id) => (await RowAsync(id)).Status;

    public Task<List<AuditEntry>> AuditAsync() => Store.ReadAsync((db, ct) => db.Audit.OrderBy(a => a.Id).ToListAsync(ct), default);

    public Task<int> CountAsync() => Store.ReadAsync((db, ct) => db.Commands.CountAsync(ct), default);

    public async ValueTask DisposeAsync()
    {
        await services.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        folder.Dispose();
    }
}

/// <summary>An agent as the hub hears it: says what a test wants it to say.</summary>
public sealed class QueueAgent(Queue queue, string id, string host)
{
    public string Id => id;
    public string Host => host;
    public string Epoch { get; set; } = "epoch-1";
    public string Instance { get; set; } = "instance-1";
    public long N { get; set; }
    public long Position { get; set; }
    public QueueSocket? Socket { get; set; }

    public async Task<SyncReply> SyncAsync(
        IEnumerable<HoldingEntry>? holding = null, IEnumerable<ReceivedEntry>? received = null, IEnumerable<ResultReport>? results = null,
        IEnumerable<AgentEvent>? events = null, long highestSeq = 0, long? n = null) =>
        (await TrySyncAsync(holding, received, results, events, highestSeq, n)).Value;

    public Task<Result<SyncReply>> TrySyncAsync(
        IEnumerable<HoldingEntry>? holding = null, IEnumerable<ReceivedEntry>? received = null, IEnumerable<ResultReport>? results = null,
        IEnumerable<AgentEvent>? events = null, long highestSeq = 0, long? n = null) =>
        queue.SendAsync(new SyncAgent.Request(id, Request(holding, received, results, events, highestSeq, n), Socket));

    public SyncRequest Request(
        IEnumerable<HoldingEntry>? holding = null, IEnumerable<ReceivedEntry>? received = null, IEnumerable<ResultReport>? results = null,
        IEnumerable<AgentEvent>? events = null, long highestSeq = 0, long? n = null) => new()
        {
            Epoch = Epoch,
            Instance = Instance,
            N = n ?? ++N,
            Position = Position,
            HighestSeq = highestSeq,
            Info = new AgentInfo { Hostname = host, Os = "linux", Version = "1", Capabilities = [CommandNames.NetworkIsolate] },
            Observed = new Observed(false, null, null, RulesState.None),
            Holding = [.. holding ?? []],
            Received = [.. received ?? []],
            Results = [.. results ?? []],
            Events = [.. events ?? []],
        };

    public async Task<QueueSocket> ConnectAsync()
    {
        Socket = new QueueSocket();
        await SyncAsync();
        return Socket;
    }

    public static ResultReport Ended(CommandView command, Outcome outcome = Outcome.Executed, int attempt = 1, string message = "done") =>
        new(command.Uid, attempt, outcome, message, null, null, null, null);

    public static HoldingEntry Holds(CommandView command, HoldingState state = HoldingState.Received) => new(command.Uid, 1, state);
}

/// <summary>A socket that keeps what was sent over it.</summary>
public sealed class QueueSocket : IAgentSocket
{
    public string ConnectionId { get; } = Guid.NewGuid().ToString("N");
    public List<Envelope> Executed { get; } = [];
    public List<CancelOrder> Cancelled { get; } = [];
    public List<Ask> Asked { get; } = [];
    public bool IsAborted { get; private set; }

    public Task ExecuteAsync(IReadOnlyList<Envelope> envelopes, CancellationToken ct)
    {
        Executed.AddRange(envelopes);
        return Task.CompletedTask;
    }

    public Task CancelAsync(IReadOnlyList<CancelOrder> cancels, CancellationToken ct)
    {
        Cancelled.AddRange(cancels);
        return Task.CompletedTask;
    }

    public Task AskAsync(IReadOnlyList<Ask> asks, CancellationToken ct)
    {
        Asked.AddRange(asks);
        return Task.CompletedTask;
    }

    public void Abort() => IsAborted = true;
}
