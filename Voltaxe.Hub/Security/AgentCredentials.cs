using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Voltaxe.Hub.Persistence;

namespace Voltaxe.Hub.Security;

/// <summary>An agent that proved who it is.</summary>
public sealed record AgentCredential(string AgentId, bool Legacy);

/// <summary>
/// Tells whose an agent's token is. A token that was good is remembered until it ends or its agent is revoked, so that a poll costs no
/// database; <see cref="RevocationWatch"/> brings revocations of other nodes.
/// </summary>
public sealed class AgentCredentials(HubStore store, HubKeys keys, AgentRevocations revocations)
{
    private readonly ConcurrentDictionary<string, Known> known = new(StringComparer.Ordinal);

    public ValueTask<AgentCredential?> FindAsync(string token, CancellationToken ct)
    {
        if (!TokenText.TryReadAgent(token, out var parts) || parts.ExpiresAt <= store.Clock.Now || revocations.IsRevoked(parts.AgentId))
            return ValueTask.FromResult<AgentCredential?>(null);
        var hash = HashOf(token);
        return known.TryGetValue(hash, out var found) ? ValueTask.FromResult<AgentCredential?>(found.Credential) : new(ReadAsync(hash, parts, ct));
    }

    public string HashOf(string token) => keys.Seal("agent_token", token);

    /// <summary>The row of a new token.</summary>
    public AgentToken Row(string token) => TokenText.TryReadAgent(token, out var parts)
        ? new AgentToken { Hash = HashOf(token), AgentId = parts.AgentId, ExpiresAt = parts.ExpiresAt }
        : throw new ArgumentException("not an agent's token", nameof(token));

    /// <summary>Forgets what has ended. Answers how many are still known.</summary>
    public int Trim()
    {
        var now = store.Clock.Now;
        foreach (var (hash, entry) in known)
        {
            if (entry.ExpiresAt <= now || revocations.IsRevoked(entry.Credential.AgentId))
                known.TryRemove(hash, out _);
        }
        return known.Count;
    }

    private async Task<AgentCredential?> ReadAsync(string hash, AgentTokenParts parts, CancellationToken ct)
    {
        var row = await store.ReadAsync((db, c) =>
            (from token in db.AgentTokens
             join agent in db.Agents on token.AgentId equals agent.Id
             where token.Hash == hash && agent.RevokedAt == null
             select new { token.AgentId, token.ExpiresAt, agent.Legacy }).SingleOrDefaultAsync(c), ct);
        if (row is null || row.AgentId != parts.AgentId || row.ExpiresAt != parts.ExpiresAt || row.Legacy != parts.Legacy)
            return null;
        var credential = new AgentCredential(parts.AgentId, parts.Legacy);
        known[hash] = new(credential, parts.ExpiresAt);
        // Revoked between the read and now: FindAsync asks this before it looks here.
        return revocations.IsRevoked(parts.AgentId) ? null : credential;
    }

    private sealed record Known(AgentCredential Credential, DateTimeOffset? ExpiresAt);
}
