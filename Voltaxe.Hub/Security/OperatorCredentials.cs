using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Voltaxe.Contracts.Json;
using Voltaxe.Hub.Persistence;

namespace Voltaxe.Hub.Security;

/// <summary>An operator that proved who it is.</summary>
public sealed record OperatorCredential(string Name, Role Role);

/// <summary>Tells whose an operator's token is. A good one is believed for 5 s without asking the database again.</summary>
public sealed class OperatorCredentials(HubStore store, HubKeys keys)
{
    public static readonly TimeSpan Believed = TimeSpan.FromSeconds(5);
    private const int MostKnown = 1_000;

    private readonly ConcurrentDictionary<string, Known> known = new(StringComparer.Ordinal);

    public ValueTask<OperatorCredential?> FindAsync(string token, CancellationToken ct)
    {
        if (!TokenText.TryReadOperator(token, out var id, out var secret))
            return ValueTask.FromResult<OperatorCredential?>(null);
        var key = keys.Seal("operator_token_cache", token);
        return known.TryGetValue(key, out var found) && store.Clock.Time.GetElapsedTime(found.At) < Believed
            ? ValueTask.FromResult<OperatorCredential?>(found.Credential)
            : new(ReadAsync(key, id, secret, ct));
    }

    /// <summary>Name and role are bound in: whoever edits them in the row breaks the hash.</summary>
    public string HashOf(string id, string name, Role role, string secret) => keys.Seal("operator_token", id, name, Words.Of(role), secret);

    private async Task<OperatorCredential?> ReadAsync(string key, string id, string secret, CancellationToken ct)
    {
        var at = store.Clock.Time.GetTimestamp();
        var row = await store.ReadAsync((db, c) => db.OperatorTokens.SingleOrDefaultAsync(t => t.Id == id && t.RevokedAt == null, c), ct);
        if (row is null || !keys.SealHolds(row.Hash, "operator_token", row.Id, row.Name, Words.Of(row.Role), secret))
        {
            known.TryRemove(key, out _);
            return null;
        }
        if (known.Count >= MostKnown)
            known.Clear();
        var credential = new OperatorCredential(row.Name, row.Role);
        known[key] = new(credential, at);
        return credential;
    }

    private sealed record Known(OperatorCredential Credential, long At);
}
