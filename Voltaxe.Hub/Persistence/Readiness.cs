using Microsoft.EntityFrameworkCore;
using Voltaxe.Hub.Domain;

namespace Voltaxe.Hub.Persistence;

/// <summary>Whether the database can be written and has the schema that this program needs. Asked at most once a second.</summary>
public sealed class Readiness(HubStore store)
{
    private static readonly TimeSpan Believed = TimeSpan.FromSeconds(1);
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
            // A row that comes and goes in one transaction: it touches the disk and leaves nothing.
            var probe = Guid.NewGuid().ToString("N");
            await store.WriteAsync(async (write, c) =>
            {
                write.Db.RetiredEpochs.Add(new RetiredEpoch { AgentId = "readyz", Epoch = probe, RetiredAt = write.Now });
                await write.Db.SaveChangesAsync(c);
                return await write.Db.RetiredEpochs.Where(r => r.AgentId == "readyz").ExecuteDeleteAsync(c);
            }, ct);
            return true;
        }
        catch (Exception e) when (e is StorageUnavailableException or System.Data.Common.DbException)
        {
            return false;
        }
    }
}
