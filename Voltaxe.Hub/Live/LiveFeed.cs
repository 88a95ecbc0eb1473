using System.Globalization;
using System.Threading.Channels;
using Microsoft.EntityFrameworkCore;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.Hub.Agents;
using Voltaxe.Hub.Commands;
using Voltaxe.Hub.Persistence;

namespace Voltaxe.Hub.Live;

/// <summary>
/// What watchers see: each commit's rows are loaded once and spread to all. Presence changes by the mere passing of time, so
/// agents are looked over every few seconds while somebody watches.
/// </summary>
public sealed class LiveFeed : BackgroundService
{
    private static readonly TimeSpan LookOver = TimeSpan.FromSeconds(3);
    private readonly HubStore store;
    private readonly AgentViews views;
    private readonly ILogger<LiveFeed> log;
    private readonly Channel<Committed> committed = System.Threading.Channels.Channel.CreateUnbounded<Committed>(new() { SingleReader = true });
    private Dictionary<string, AgentView> shown = [];

    public LiveFeed(HubStore store, AgentViews views, CommitBell bell, ILogger<LiveFeed> log)
    {
        (this.store, this.views, this.log) = (store, views, log);
        bell.Rung += c =>
        {
            // Whoever begins to watch loads what there is after that: without a watcher nothing need be kept, and nobody be woken.
            if (Commands.IsWatched || Agents.IsWatched)
                committed.Writer.TryWrite(c);
        };
    }

    public Fan<CommandView> Commands { get; } = new();

    public Fan<AgentView> Agents { get; } = new();

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(Task.Run(() => SpreadAsync(stoppingToken), stoppingToken), Task.Run(() => LookOverAsync(stoppingToken), stoppingToken));

    private async Task SpreadAsync(CancellationToken ct)
    {
        while (await committed.Reader.WaitToReadAsync(ct))
        {
            var commands = new HashSet<long>();
            var agents = new HashSet<string>();
            var elsewhere = new HashSet<string>();
            while (agents.Count + commands.Count < 1000 && committed.Reader.TryRead(out var commit))
            {
                commands.UnionWith(commit.Commands);
                agents.UnionWith(commit.Agents);
                if (commit.Elsewhere)
                    elsewhere.UnionWith(commit.Agents);
            }
            try
            {
                if (Commands.IsWatched)
                    await SpreadCommandsAsync(commands, elsewhere, ct);
                if (Agents.IsWatched)
                    await SpreadAgentsAsync(agents, ct);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                log.SpreadFailed(e);
            }
        }
    }

    private async Task SpreadCommandsAsync(HashSet<long> ids, HashSet<string> elsewhere, CancellationToken ct)
    {
        if (ids.Count + elsewhere.Count == 0)
            return;
        var recent = store.Clock.Now - TimeSpan.FromMinutes(1);
        var rows = await store.ReadAsync((db, token) => db.Commands.Where(c => ids.Contains(c.Id)
            || (elsewhere.Contains(c.AgentId) && (c.FinishedAt == null || c.FinishedAt > recent))).ToListAsync(token), ct);
        Commands.Publish([.. rows.Select(c => new LiveChange<CommandView>(c.Id.ToString(CultureInfo.InvariantCulture), CommandViews.Of(c)))]);
    }

    private async Task SpreadAgentsAsync(IReadOnlyCollection<string> ids, CancellationToken ct)
    {
        var rows = (await store.ReadAsync((db, token) => views.LoadAsync(db, ids, token), ct)).ToDictionary(a => a.Id);
        Agents.Publish([.. ids.Select(id => new LiveChange<AgentView>(id, rows.GetValueOrDefault(id)))]);
    }

    private async Task LookOverAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(LookOver, store.Clock.Time);
        while (await timer.WaitForNextTickAsync(ct))
        {
            if (!Agents.IsWatched)
                continue;
            try
            {
                var now = (await store.ReadAsync((db, token) => views.LoadAsync(db, null, token), ct)).ToDictionary(a => a.Id);
                var changed = now.Values.Where(a => !shown.TryGetValue(a.Id, out var before) || !SameLook(before, a)).Select(a => new LiveChange<AgentView>(a.Id, a));
                var gone = shown.Keys.Where(id => !now.ContainsKey(id)).Select(id => new LiveChange<AgentView>(id, null));
                Agents.Publish([.. changed, .. gone]);
                shown = now;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                log.SpreadFailed(e);
            }
        }
    }

    private static bool SameLook(AgentView a, AgentView b) =>
        (a.Presence, a.LastSeen, a.Containment, a.Drift, a.Observed, a.OpenCommands, a.Degraded) == (b.Presence, b.LastSeen, b.Containment, b.Drift, b.Observed, b.OpenCommands, b.Degraded);
}

internal static partial class LiveLog
{
    [LoggerMessage(3001, LogLevel.Error, "Changes could not be loaded for those who watch; they see them with the next change")]
    public static partial void SpreadFailed(this ILogger log, Exception exception);
}
