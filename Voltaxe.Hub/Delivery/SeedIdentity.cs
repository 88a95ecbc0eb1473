using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Voltaxe.Hub.Persistence;

namespace Voltaxe.Hub.Delivery;

/// <summary>The host names of polling agents. A name never changes while its agent stands, so it is looked up once.</summary>
public sealed class SeedIdentity(HubStore store)
{
    private readonly ConcurrentDictionary<string, string> names = new();

    /// <summary>Null for an agent that is revoked or unknown.</summary>
    public async Task<string?> HostnameOfAsync(string agentId, CancellationToken ct)
    {
        if (names.TryGetValue(agentId, out var known))
            return known;
        var found = await store.ReadAsync((db, token) =>
            db.Agents.Where(a => a.Id == agentId && a.RevokedAt == null).Select(a => a.Hostname).SingleOrDefaultAsync(token), ct);
        if (found is not null)
            names[agentId] = found;
        return found;
    }

    public void Forget(string agentId) => names.TryRemove(agentId, out _);
}
