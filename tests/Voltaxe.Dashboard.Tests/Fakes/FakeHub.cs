using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;

namespace Voltaxe.Dashboard.Tests.Fakes;

/// <summary>A hub made of lists and channels: what a test puts in, every open view is told, as the real one would.</summary>
public sealed class FakeHub : IHubReader, IEvidenceReader, IHubActions
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, AgentView> agents = new(StringComparer.Ordinal);
    private readonly Dictionary<long, CommandView> commands = [];
    private readonly Dictionary<string, EvidenceView> evidence = new(StringComparer.Ordinal);
    private readonly Dictionary<long, ProgressView> progress = [];
    private readonly List<Watcher<AgentView>> agentWatchers = [];
    private readonly List<Watcher<EvidenceView>> evidenceWatchers = [];
    private readonly List<Watcher<ProgressView>> progressWatchers = [];
    private readonly List<Watcher<CommandView>> commandWatchers = [];

    public List<NewCommands> Queued { get; } = [];
    public List<(long Id, string Reason)> Cancelled { get; } = [];
    public List<(string AgentId, string Reason)> ReleaseCodes { get; } = [];
    public List<(CommandFilter Filter, int Limit, string? After)> Listed { get; } = [];

    /// <summary>The answer to every order and cancel, instead of taking it.</summary>
    public ProblemView? Refuse { get; set; }

    /// <summary>Thrown by every order and cancel.</summary>
    public Exception? Fault { get; set; }

    /// <summary>While set, no view opens before it completes.</summary>
    public TaskCompletionSource? Hold { get; set; }

    /// <summary>While set, orders wait for it.</summary>
    public TaskCompletionSource? HoldOrders { get; set; }

    /// <summary>Who the fake hub thinks is acting.</summary>
    public string Actor { get; set; } = "ana";

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    public int OpenViews
    {
        get
        {
            lock (gate)
                return agentWatchers.Count + commandWatchers.Count + evidenceWatchers.Count + progressWatchers.Count;
        }
    }

    public void Put(params AgentView[] rows)
    {
        lock (gate)
        {
            foreach (var row in rows)
                agents[row.Id] = row;
            Tell(agentWatchers, [.. rows.Select(r => new LiveChange<AgentView>(r.Id, r))]);
        }
    }

    public void Retire(string agentId)
    {
        lock (gate)
        {
            agents.Remove(agentId);
            Tell(agentWatchers, [new(agentId, null)]);
        }
    }

    public void Put(params CommandView[] rows)
    {
        lock (gate)
        {
            foreach (var row in rows)
            {
                commands[row.Id] = row;
                foreach (var watcher in commandWatchers)
                    watcher.Tell([new($"{row.Id}", Fits(row, watcher.Filter!) ? row : null)]);
            }
        }
    }

    public void Put(params EvidenceView[] rows)
    {
        lock (gate)
        {
            foreach (var row in rows)
                evidence[row.Id] = row;
            foreach (var watcher in evidenceWatchers)
                watcher.Tell([.. rows.Where(r => Fits(r, watcher.Evidence!)).Select(r => new LiveChange<EvidenceView>(r.Id, r))]);
        }
    }

    public void RemoveEvidence(string id)
    {
        lock (gate)
        {
            evidence.Remove(id);
            Tell(evidenceWatchers, [new(id, null)]);
        }
    }

    public void Put(ProgressView said)
    {
        lock (gate)
        {
            progress[said.CommandId] = said;
            progressWatchers.Where(w => w.CommandId == said.CommandId).ToList().ForEach(w => w.Tell([new($"{said.CommandId}", said)]));
        }
    }

    /// <summary>Says something to the open views only, whatever the lists hold: for changes that come late or in a wrong order.</summary>
    public void Say(CommandView row)
    {
        lock (gate)
            Tell(commandWatchers, [new($"{row.Id}", row)]);
    }

    /// <summary>Ends every open view, with a fault or without.</summary>
    public void Break(Exception? fault = null)
    {
        lock (gate)
        {
            agentWatchers.ForEach(w => w.Channel.Writer.TryComplete(fault));
            commandWatchers.ForEach(w => w.Channel.Writer.TryComplete(fault));
            evidenceWatchers.ForEach(w => w.Channel.Writer.TryComplete(fault));
            progressWatchers.ForEach(w => w.Channel.Writer.TryComplete(fault));
        }
    }

    public async Task<LiveView<AgentView>> WatchAgentsAsync(CancellationToken ct)
    {
        await Held(ct);
        lock (gate)
            return new([.. agents.Values], Open(agentWatchers, new(), ct));
    }

    public async Task<LiveView<CommandView>> WatchCommandsAsync(CommandFilter filter, int limit, CancellationToken ct)
    {
        await Held(ct);
        lock (gate)
            return new([.. Fitting(filter).Take(limit)], Open(commandWatchers, new() { Filter = filter }, ct));
    }

    public Task<Page<CommandView>> ListCommandsAsync(CommandFilter filter, int limit, string? after, CancellationToken ct)
    {
        lock (gate)
        {
            Listed.Add((filter, limit, after));
            var before = after is null ? long.MaxValue : long.Parse(after.Split('-')[1], System.Globalization.CultureInfo.InvariantCulture);
            var rest = Fitting(filter).Where(c => c.Id < before).ToArray();
            var page = rest.Take(limit).ToArray();
            return Task.FromResult(new Page<CommandView>(page, rest.Length > limit ? $"mark-{page[^1].Id}" : null));
        }
    }

    public async Task<LiveView<EvidenceView>> WatchEvidenceAsync(EvidenceFilter filter, int limit, CancellationToken ct)
    {
        await Held(ct);
        lock (gate)
            return new([.. Fitting(filter).Take(limit)], Open(evidenceWatchers, new() { Evidence = filter }, ct));
    }

    public Task<Page<EvidenceView>> ListEvidenceAsync(EvidenceFilter filter, int limit, string? after, CancellationToken ct)
    {
        lock (gate)
        {
            var rest = Fitting(filter).Where(e => after is null || string.CompareOrdinal(e.Id, after) < 0).ToArray();
            return Task.FromResult(new Page<EvidenceView>([.. rest.Take(limit)], rest.Length > limit ? rest[limit - 1].Id : null));
        }
    }

    public async Task<LiveView<ProgressView>> WatchProgressAsync(long commandId, CancellationToken ct)
    {
        await Held(ct);
        lock (gate)
            return new([.. progress.Values.Where(p => p.CommandId == commandId)], Open(progressWatchers, new() { CommandId = commandId }, ct));
    }

    public Task<AgentView?> FindAgentAsync(string hostOrId, CancellationToken ct)
    {
        lock (gate)
            return Task.FromResult(agents.Values.FirstOrDefault(a => a.Id == hostOrId || string.Equals(a.Host, hostOrId, StringComparison.OrdinalIgnoreCase)));
    }

    public Task<CommandView?> FindCommandAsync(long id, CancellationToken ct)
    {
        lock (gate)
            return Task.FromResult(commands.GetValueOrDefault(id));
    }

    /// <summary>What the host answers; while null, it does not.</summary>
    public Func<Answered<ProcessList>>? Processes { get; set; }

    public List<string> AskedForProcesses { get; } = [];

    public async Task<Answered<ProcessList>> AskProcessesAsync(string agentId, CancellationToken ct)
    {
        AskedForProcesses.Add(agentId);
        if (Processes is null)
            await Task.Delay(Timeout.InfiniteTimeSpan, Clock, ct);
        return Processes!();
    }

    /// <summary>The keys under which orders came, one each.</summary>
    public List<string> Keys { get; } = [];

    public TimeSpan Lifetime { get; set; } = TimeSpan.FromHours(72);

    public TimeSpan LifetimeOf(string command) => Lifetime;

    public async Task<Answered<QueuedCommands>> QueueAsync(NewCommands order, string key, CancellationToken ct)
    {
        Keys.Add(key);
        if (HoldOrders is { } hold)
            await hold.Task.WaitAsync(ct);
        if (Fault is not null)
            throw Fault;
        Queued.Add(order);
        if (Refuse is not null)
            return Refuse;
        var agent = await FindAgentAsync(order.Hosts![0], ct) ?? throw new InvalidOperationException("no such host in the fake");
        var row = Given.Command((commands.Count == 0 ? 0 : commands.Keys.Max()) + 1, agent.Host, order.Command!, CommandStatus.Pending) with
        {
            AgentId = agent.Id,
            Reason = order.Reason!,
            Ticket = order.Ticket,
            CreatedBy = Actor,
            Params = order.Params ?? default,
            CreatedAt = Clock.GetUtcNow(),
        };
        Put(row);
        return new QueuedCommands(null, [row]);
    }

    public Task<Answered<CommandView>> CancelAsync(long id, string reason, CancellationToken ct)
    {
        if (Fault is not null)
            throw Fault;
        Cancelled.Add((id, reason));
        if (Refuse is not null)
            return Task.FromResult<Answered<CommandView>>(Refuse);
        var row = commands[id];
        row = row.Status == CommandStatus.Delivered
            ? row with { CancelRequestedAt = Clock.GetUtcNow() }
            : row with { Status = CommandStatus.Cancelled, CancelRequestedAt = Clock.GetUtcNow(), FinishedAt = Clock.GetUtcNow() };
        Put(row);
        return Task.FromResult<Answered<CommandView>>(row);
    }

    public Task<Answered<ReleaseCodeReply>> CreateReleaseCodeAsync(string agentId, string reason, CancellationToken ct)
    {
        if (Fault is not null)
            throw Fault;
        ReleaseCodes.Add((agentId, reason));
        return Task.FromResult(Refuse is { } refusal ? (Answered<ReleaseCodeReply>)refusal : new ReleaseCodeReply("vtx_rel_cGF5bG9hZA.c2lnbmF0dXJl", Clock.GetUtcNow().AddHours(24), 7));
    }

    private async Task Held(CancellationToken ct)
    {
        if (Hold is { } hold)
            await hold.Task.WaitAsync(ct);
    }

    private IEnumerable<CommandView> Fitting(CommandFilter filter) => commands.Values.Where(c => Fits(c, filter)).OrderByDescending(c => c.Id);

    private IEnumerable<EvidenceView> Fitting(EvidenceFilter filter) => evidence.Values.Where(e => Fits(e, filter)).OrderByDescending(e => e.Id, StringComparer.Ordinal);

    private static bool Fits(EvidenceView e, EvidenceFilter f) =>
        (f.Command is null || e.CommandId == f.Command) && (f.Host is null || string.Equals(e.Host, f.Host, StringComparison.OrdinalIgnoreCase) || e.AgentId == f.Host);

    private static bool Fits(CommandView c, CommandFilter f) =>
        (f.Host is null || string.Equals(c.Host, f.Host, StringComparison.OrdinalIgnoreCase) || c.AgentId == f.Host)
        && (f.Status is null || f.Status.Contains(c.Status))
        && (f.Command is null || c.Command == f.Command)
        && (f.CreatedBy is null || c.CreatedBy == f.CreatedBy)
        && (f.Batch is null || c.BatchId == f.Batch);

    private static void Tell<T>(List<Watcher<T>> watchers, IReadOnlyList<LiveChange<T>> changes) where T : class => watchers.ForEach(w => w.Tell(changes));

    private IAsyncEnumerable<IReadOnlyList<LiveChange<T>>> Open<T>(List<Watcher<T>> watchers, Watcher<T> watcher, CancellationToken ct) where T : class
    {
        watchers.Add(watcher);
        ct.Register(() =>
        {
            lock (gate)
                watchers.Remove(watcher);
        });
        return Read(watchers, watcher, ct);
    }

    private async IAsyncEnumerable<IReadOnlyList<LiveChange<T>>> Read<T>(List<Watcher<T>> watchers, Watcher<T> watcher, [EnumeratorCancellation] CancellationToken ct) where T : class
    {
        try
        {
            await foreach (var batch in watcher.Channel.Reader.ReadAllAsync(ct))
                yield return batch;
        }
        finally
        {
            lock (gate)
                watchers.Remove(watcher);
        }
    }

    private sealed class Watcher<T> where T : class
    {
        public CommandFilter? Filter { get; init; }
        public EvidenceFilter? Evidence { get; init; }
        public long CommandId { get; init; }

        public Channel<IReadOnlyList<LiveChange<T>>> Channel { get; } = System.Threading.Channels.Channel.CreateUnbounded<IReadOnlyList<LiveChange<T>>>();

        public void Tell(IReadOnlyList<LiveChange<T>> changes) => Channel.Writer.TryWrite(changes);
    }
}
