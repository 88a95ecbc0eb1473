using Microsoft.EntityFrameworkCore;
using Voltaxe.Contracts.Commands;
using Voltaxe.Hub.Persistence;

namespace Voltaxe.Hub.Evidence;

/// <summary>
/// Lets evidence go when its time is over: rows first, then their files. Files that no row tells of are left alone for a while – a backup
/// that was put back may be behind it – and then removed.
/// </summary>
public sealed class EvidenceKeeper(HubStore store, Vault vault, HubOptions options, ILogger<EvidenceKeeper> log) : BackgroundService
{
    public static readonly TimeSpan Interval = TimeSpan.FromHours(1);
    private const int MostAtOnce = 200;

    /// <summary>How much was removed, and how many files that no row told of.</summary>
    public async Task<(int Removed, int Orphans)> SweepOnceAsync(CancellationToken ct)
    {
        var removed = 0;
        IReadOnlyList<string> gone;
        do
        {
            gone = await RemoveOldAsync(ct);
            foreach (var id in gone)
                vault.Delete(id);
            removed += gone.Count;
        }
        while (gone.Count == MostAtOnce);
        return (removed, await RemoveOrphansAsync(ct));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, store.Clock.Time);
        do
        {
            try
            {
                var (removed, orphans) = await SweepOnceAsync(stoppingToken);
                if (removed + orphans > 0)
                    log.Swept(removed, orphans);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                log.PassFailed(e);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    /// <summary>As with commands: what is unknown stays while its agent may return with the truth.</summary>
    private Task<IReadOnlyList<string>> RemoveOldAsync(CancellationToken ct) => store.WriteAsync<IReadOnlyList<string>>(async (write, token) =>
    {
        var cutoff = write.Now - (options.Evidence.Retention ?? options.Retention);
        var (db, old) = (write.Db, await (
            from e in write.Db.Evidence
            join c in write.Db.Commands on e.CommandId equals c.Id
            where c.FinishedAt < cutoff && (c.Status != CommandStatus.Unknown || write.Db.Agents.Any(a => a.Id == c.AgentId && a.RevokedAt != null))
            orderby e.AgentId, e.Id
            select e).Take(MostAtOnce).ToListAsync(token));
        db.Evidence.RemoveRange(old);
        if (old.Count > 0)
            write.Audit("hub", "evidence_deleted", "evidence", "done",
                $$"""{"count":{{old.Count}},"ids":[{{string.Join(',', old.Select(e => $"\"{e.Id}\""))}}]}""");
        return [.. old.Select(e => e.Id)];
    }, ct);

    private async Task<int> RemoveOrphansAsync(CancellationToken ct)
    {
        var before = store.Clock.Now - options.Evidence.OrphanGrace;
        var count = 0;
        // First the files, then the rows: a file is made after its row, so whatever has none now has lost it.
        foreach (var chunk in vault.Files().Where(f => f.WrittenAt < before).Select(f => f.Id).Chunk(MostAtOnce))
        {
            var known = await store.ReadAsync((db, token) => db.Evidence.Where(e => chunk.Contains(e.Id)).Select(e => e.Id).ToListAsync(token), ct);
            foreach (var orphan in chunk.Except(known))
            {
                vault.Delete(orphan);
                count++;
            }
        }
        return count;
    }
}
