using Microsoft.EntityFrameworkCore;
using Voltaxe.Contracts.Commands;
using Voltaxe.Hub.Commands;
using Voltaxe.Hub.Domain;
using Voltaxe.Hub.Persistence;
using Voltaxe.Hub.Security;

namespace Voltaxe.Hub.Delivery;

/// <summary>What a pass of the sweeper did.</summary>
public readonly record struct Swept(int Due, int Ended, int Deleted, int LostPushes);

/// <summary>What the passing of time does: scheduled commands become due, old ones end, lost pushes are tried again, history is trimmed.</summary>
public sealed class Sweeper(HubStore store, PushPump pump, CommandSeals seals, HubKeys keys, HubOptions options)
{
    private const int MaxAgentsPerPass = 500;
    private DateTimeOffset lastTrim;

    public async Task<Swept> SweepOnceAsync(CancellationToken ct)
    {
        var due = await MakeDueAsync(ct);
        var ended = await EndAsync(ct);
        var lost = await RetryLostPushesAsync(ct);
        var deleted = 0;
        if (store.Clock.Now - lastTrim > TimeSpan.FromHours(1))
        {
            deleted = await TrimAsync(ct);
            lastTrim = store.Clock.Now;
        }
        return new Swept(due, ended, deleted, lost);
    }

    private async Task<int> MakeDueAsync(CancellationToken ct)
    {
        var now = store.Clock.Now;
        var agents = await store.ReadAsync((db, token) => db.OpenCommands
            .Where(c => c.Status == CommandStatus.Pending && c.Seq == null && (c.NotBefore == null || c.NotBefore <= now))
            .Select(c => c.AgentId).Distinct().OrderBy(id => id).Take(MaxAgentsPerPass).ToListAsync(token), ct);
        return agents.Count == 0 ? 0 : await store.WriteAsync(async (write, token) =>
        {
            var locked = (await write.LockAgentsAsync(agents, token)).ToDictionary(a => a.Id);
            var open = (await write.OpenCommandsAsync(agents, token)).ToLookup(c => c.AgentId);
            var count = 0;
            foreach (var command in open.SelectMany(g => g)
                .Where(c => c.Status == CommandStatus.Pending && !c.IsDue && (c.NotBefore is null || c.NotBefore <= write.Now))
                .OrderBy(c => c.NotBefore ?? c.CreatedAt).ThenBy(c => c.Id).ToList())
            {
                if (command.Status != CommandStatus.Pending)
                    continue; // One that became due a moment ago replaced it.
                if (seals.Hold(command))
                    Intent.MakeDue(command, locked[command.AgentId], open[command.AgentId], keys.HubId, keys.SignCommand, write.Now);
                else
                    Refuse(write, command);
                count++;
            }
            return count;
        }, ct);
    }

    /// <summary>A row that another hand made or changed: never signed, and visibly ended.</summary>
    private static void Refuse(HubWrite write, Command command)
    {
        command.Withdraw("hub", write.Now);
        write.Audit("hub", "alert_seal_broken", $"command:{command.Id}", "cancelled");
    }

    private async Task<int> EndAsync(CancellationToken ct)
    {
        var limits = options.Delivery;
        var now = store.Clock.Now;
        var (approval, silence, seed) = (now - limits.ApprovalLimit, now - limits.SilenceLimit, now - limits.SeedSilenceLimit);
        var agents = await store.ReadAsync((db, token) => db.OpenCommands
            .Where(c => (c.Status == CommandStatus.AwaitingApproval && c.CreatedAt <= approval)
                || (c.Status == CommandStatus.Pending && c.ExpiresAt <= now)
                || (c.Status == CommandStatus.Delivered && c.SeedRoute && c.HandedOutAt <= seed)
                || (c.Status == CommandStatus.Delivered && !c.SeedRoute && c.CancelRequestedAt == null && c.ExpiresAt <= now)
                || (c.Status == CommandStatus.Delivered && !c.SeedRoute && c.ExpiresAt <= silence))
            .Select(c => c.AgentId).Distinct().OrderBy(id => id).Take(MaxAgentsPerPass).ToListAsync(token), ct);
        return agents.Count == 0 ? 0 : await store.WriteAsync(async (write, token) =>
        {
            var locked = (await write.LockAgentsAsync(agents, token)).ToDictionary(a => a.Id);
            var open = await write.OpenCommandsAsync(agents, token);
            return open.Count(c => Claim.PassTime(c, locked[c.AgentId], limits, write.Now));
        }, ct);
    }

    private async Task<int> RetryLostPushesAsync(CancellationToken ct)
    {
        var before = store.Clock.Now - options.Delivery.FirstPushWait;
        var agents = await store.ReadAsync((db, token) => db.OpenCommands
            .Where(c => (c.Status == CommandStatus.Delivered && c.PushSession != null && c.Unheard > 0 && c.CancelRequestedAt == null && c.HandedOutAt <= before)
                || (c.Status == CommandStatus.Pending && c.Seq != null))
            .Select(c => c.AgentId).Distinct().ToListAsync(token), ct);
        pump.Ring(agents);
        return agents.Count;
    }

    /// <summary>
    /// Terminal commands only; <c>unknown</c> stays while its agent may return with the truth, and each as long as its evidence. And the
    /// isolate that a host is under is no history yet: a release code is bound to it.
    /// </summary>
    private async Task<int> TrimAsync(CancellationToken ct)
    {
        var cutoff = store.Clock.Now - options.Retention;
        var answers = store.Clock.Now - Idempotency.Life;
        return await store.WriteAsync(async (write, token) =>
        {
            await write.Db.IdempotentAnswers.Where(i => i.CreatedAt < answers).ExecuteDeleteAsync(token);
            await write.Db.RetiredInstances.Where(r => r.RetiredAt < cutoff).ExecuteDeleteAsync(token);
            await write.Db.Progress.Where(p => write.Db.Commands.Any(c => c.Id == p.CommandId && c.FinishedAt != null)).ExecuteDeleteAsync(token);
            var gone = await write.Db.Commands
                .Where(c => c.FinishedAt < cutoff && !write.Db.Evidence.Any(e => e.CommandId == c.Id)
                    && (c.Status != CommandStatus.Unknown || write.Db.Agents.Any(a => a.Id == c.AgentId && a.RevokedAt != null))
                    && !write.Db.Agents.Any(a => a.WantedBy == c.Id && a.WantedIsolated && a.RevokedAt == null))
                .ExecuteDeleteAsync(token);
            if (gone > 0)
                write.Audit("hub", "commands_deleted", "commands", "done", $$"""{"count":{{gone}},"older_than_days":{{options.Retention.TotalDays:0}}}""");
            return gone;
        }, ct);
    }
}

/// <summary>Ten lines of timing around <see cref="Sweeper.SweepOnceAsync"/>.</summary>
public sealed class SweeperLoop(Sweeper sweeper, TimeProvider time, ILogger<SweeperLoop> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), time);
        do
        {
            try
            {
                var swept = await sweeper.SweepOnceAsync(stoppingToken);
                if (swept.Due + swept.Ended + swept.Deleted > 0)
                    log.Swept(swept.Due, swept.Ended, swept.Deleted);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                log.PassFailed(e, "sweeper");
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }
}
