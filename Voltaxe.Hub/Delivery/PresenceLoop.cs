using Microsoft.EntityFrameworkCore;
using Voltaxe.Contracts.Commands;
using Voltaxe.Hub.Agents;
using Voltaxe.Hub.Persistence;

namespace Voltaxe.Hub.Delivery;

/// <summary>
/// Writes back what uneventful syncs told (they touch no database), and looks for open commands that no bell rang for here:
/// the scan that makes the hint in memory a mere hint.
/// </summary>
public sealed class PresenceLoop(HubStore store, PresenceBoard presence, AgentLinks links, TimeProvider time, ILogger<PresenceLoop> log) : BackgroundService
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    /// <summary>How many agents were written back.</summary>
    public async Task<int> FlushOnceAsync(CancellationToken ct)
    {
        var dirty = presence.TakeDirty();
        // In id order, as everybody who locks several agents: two of them never wait for each other.
        foreach (var chunk in dirty.OrderBy(d => d.AgentId, StringComparer.Ordinal).Chunk(500))
        {
            await store.WriteAsync(async (write, token) =>
            {
                foreach (var (agentId, instance, seen, n, onSocket) in chunk)
                {
                    await write.Db.Agents.Where(a => a.Id == agentId && a.Instance == instance && (a.LastSeenAt == null || a.LastSeenAt <= seen))
                        .ExecuteUpdateAsync(s => s.SetProperty(a => a.LastSeenAt, seen).SetProperty(a => a.N, n).SetProperty(a => a.OnSocket, onSocket), token);
                }
                return 0;
            }, ct);
        }
        return dirty.Count;
    }

    /// <summary>Rings for every agent that has something open.</summary>
    public async Task ScanOnceAsync(CancellationToken ct)
    {
        var open = await store.ReadAsync((db, token) => db.OpenCommands
            .Where(c => c.Status != CommandStatus.AwaitingApproval)
            .Select(c => c.AgentId).Distinct().ToListAsync(token), ct);
        foreach (var id in open)
            presence.Ring(id);
        var pending = await store.ReadAsync((db, token) => db.OpenCommands
            .Where(c => c.Status == CommandStatus.Pending && c.Seq != null).Select(c => c.AgentId).Distinct().ToListAsync(token), ct);
        foreach (var id in pending)
            links.Wake(id);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await FlushOnceAsync(stoppingToken);
                await ScanOnceAsync(stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                log.PassFailed(e, "presence");
            }
        }
    }
}
