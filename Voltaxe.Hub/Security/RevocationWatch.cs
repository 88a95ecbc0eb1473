using Microsoft.EntityFrameworkCore;
using Voltaxe.Hub.Persistence;

namespace Voltaxe.Hub.Security;

/// <summary>Brings revocations that other nodes, or other hands, made. A revoked agent is out everywhere within 5 s.</summary>
public sealed partial class RevocationWatch(HubStore store, AgentRevocations revocations, AgentCredentials credentials, ILogger<RevocationWatch> log) : BackgroundService
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    /// <summary>A commit may become visible later than the time that it bears.</summary>
    private static readonly TimeSpan Overlap = TimeSpan.FromMinutes(1);

    private DateTimeOffset since = store.Clock.Now;

    /// <summary>How many revocations were news.</summary>
    public async Task<int> SweepOnceAsync(CancellationToken ct)
    {
        var from = since - Overlap;
        var rows = await store.ReadAsync((db, c) =>
            db.Agents.Where(a => a.RevokedAt >= from).Select(a => new { a.Id, a.RevokedAt }).ToListAsync(c), ct);
        var news = rows.Count(row => revocations.Announce(row.Id));
        if (rows.Max(row => row.RevokedAt) is { } latest && latest > since)
            since = latest;
        credentials.Trim();
        return news;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, store.Clock.Time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await SweepOnceAsync(stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                LogFailed(e);
            }
        }
    }
}
