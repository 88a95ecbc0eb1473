using Microsoft.EntityFrameworkCore;
using Voltaxe.Hub.Persistence;

namespace Voltaxe.Hub.Commands;

/// <summary>The same key and body again get the same answer; also while the first is still running, because the row's lock is waited for.</summary>
public static class Idempotency
{
    public static readonly TimeSpan Life = TimeSpan.FromHours(24);

    /// <summary>The row to fill, the row that is filled, or null when the key was used with another body.</summary>
    public static async Task<IdempotentAnswer?> BeginAsync(HubWrite write, string by, string key, string bodyHash, CancellationToken ct)
    {
        var cutoff = write.Now - Life;
        await write.Db.IdempotentAnswers.Where(i => i.Operator == by && i.Key == key && i.CreatedAt < cutoff).ExecuteDeleteAsync(ct);
        var created = write.Db.Database.ProviderName!.EndsWith("Sqlite", StringComparison.Ordinal)
            ? (object)((write.Now.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond)
            : write.Now;
        await write.Db.Database.ExecuteSqlAsync(
            $"INSERT INTO idempotent_answers (operator, key, body_hash, answer, created_at) VALUES ({by}, {key}, {bodyHash}, '', {created}) ON CONFLICT DO NOTHING", ct);
        var row = await write.Db.IdempotentAnswers.SingleAsync(i => i.Operator == by && i.Key == key, ct);
        return row.BodyHash == bodyHash ? row : null;
    }
}
