using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Voltaxe.Hub.Commands;

namespace Voltaxe.Hub.Persistence;

/// <summary>Whether the database can be written and has the schema that this program needs. Asked at most once a second.</summary>
public sealed class Readiness(HubStore store)
{
    private static readonly TimeSpan Believed = TimeSpan.FromSeconds(1);
    private const int ProbeBytes = 128 * 1024;
    /// <summary>No operator can have this name.</summary>
    private const string Prober = "/readyz";
    private readonly SemaphoreSlim gate = new(1, 1);
    private (bool Ready, long At)? last;
    private bool migrated;

    public async Task<bool> IsReadyAsync(CancellationToken ct)
    {
        await gate.WaitAsync(ct);
        try
        {
            if (last is { } known && store.Clock.Time.GetElapsedTime(known.At) < Believed)
                return known.Ready;
            var ready = await TryAsync(ct);
            last = (ready, store.Clock.Time.GetTimestamp());
            return ready;
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task<bool> TryAsync(CancellationToken ct)
    {
        try
        {
            if (!migrated && await store.ReadAsync(async (db, c) => (await db.Database.GetPendingMigrationsAsync(c)).Any(), ct))
                return false;
            migrated = true;
            // A row that weighs more than an order does, so that a disk on which only small things still fit is not called ready.
            // Committed before it goes: what one transaction makes and deletes may never reach the disk.
            var probe = Convert.ToHexString(RandomNumberGenerator.GetBytes(ProbeBytes / 2));
            await store.WriteAsync((write, _) =>
            {
                write.Db.IdempotentAnswers.Add(new IdempotentAnswer { Operator = Prober, Key = probe[..32], BodyHash = "", Answer = probe, CreatedAt = write.Now });
                return Task.FromResult(0);
            }, ct);
            await store.WriteAsync((write, c) => write.Db.IdempotentAnswers.Where(i => i.Operator == Prober).ExecuteDeleteAsync(c), ct);
            return true;
        }
        catch (Exception e) when (e is StorageUnavailableException or System.Data.Common.DbException)
        {
            return false;
        }
    }
}
