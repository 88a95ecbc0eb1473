using System.Globalization;
using System.Threading.Channels;
using Microsoft.EntityFrameworkCore;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.Hub.Evidence;
using Voltaxe.Hub.Persistence;

namespace Voltaxe.Hub.Live;

/// <summary>What watchers see of collections: evidence as it arrives, and how far running commands say they are. Loaded once for all, after each commit.</summary>
public sealed class EvidenceFeed : BackgroundService
{
    /// <summary>Another node tells only whose rows changed: those that changed lately are looked at.</summary>
    private static readonly TimeSpan Lately = TimeSpan.FromMinutes(1);

    private readonly HubStore store;
    private readonly ILogger<EvidenceFeed> log;
    private readonly Channel<Committed> committed = System.Threading.Channels.Channel.CreateUnbounded<Committed>(new() { SingleReader = true });

    public EvidenceFeed(HubStore store, CommitBell bell, ILogger<EvidenceFeed> log)
    {
        (this.store, this.log) = (store, log);
        bell.Rung += c =>
        {
            if (c.Evidence.Count + c.Progress.Count > 0 || c.Elsewhere)
                committed.Writer.TryWrite(c);
        };
    }

    public Fan<EvidenceView> Evidence { get; } = new();

    public Fan<ProgressView> Progress { get; } = new();

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.Run(() => SpreadAsync(stoppingToken), stoppingToken);

    private async Task SpreadAsync(CancellationToken ct)
    {
        while (await committed.Reader.WaitToReadAsync(ct))
        {
            var (evidence, progress, elsewhere) = (new HashSet<string>(), new HashSet<long>(), new HashSet<string>());
            while (evidence.Count + progress.Count + elsewhere.Count < 1000 && committed.Reader.TryRead(out var commit))
            {
                evidence.UnionWith(commit.Evidence);
                progress.UnionWith(commit.Progress);
                if (commit.Elsewhere)
                    elsewhere.UnionWith(commit.Agents);
            }
            try
            {
                if (Evidence.IsWatched)
                    await SpreadEvidenceAsync(evidence, elsewhere, ct);
                if (Progress.IsWatched)
                    await SpreadProgressAsync(progress, elsewhere, ct);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                log.SpreadFailed(e);
            }
        }
    }

    private async Task SpreadEvidenceAsync(HashSet<string> ids, HashSet<string> elsewhere, CancellationToken ct)
    {
        var recent = store.Clock.Now - Lately;
        var rows = await store.ReadAsync((db, token) => db.Evidence
            .Where(e => ids.Contains(e.Id) || (elsewhere.Contains(e.AgentId) && e.UpdatedAt > recent)).ToListAsync(token), ct);
        var gone = ids.Except(rows.Select(e => e.Id)).Select(id => new LiveChange<EvidenceView>(id, null));
        Evidence.Publish([.. rows.Select(e => new LiveChange<EvidenceView>(e.Id, EvidenceViews.Of(e))), .. gone]);
    }

    private async Task SpreadProgressAsync(HashSet<long> commands, HashSet<string> elsewhere, CancellationToken ct)
    {
        var recent = store.Clock.Now - Lately;
        var rows = await store.ReadAsync((db, token) => (
            from p in db.Progress
            join c in db.Commands on p.CommandId equals c.Id
            where commands.Contains(p.CommandId) || (elsewhere.Contains(c.AgentId) && p.At > recent)
            where c.Status == CommandStatus.Delivered
            select p).ToListAsync(token), ct);
        Progress.Publish([.. rows.Select(p => new LiveChange<ProgressView>(p.CommandId.ToString(CultureInfo.InvariantCulture), EvidenceViews.Of(p)))]);
    }
}
