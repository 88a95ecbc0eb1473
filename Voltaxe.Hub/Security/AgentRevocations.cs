using System.Collections.Concurrent;

namespace Voltaxe.Hub.Security;

/// <summary>
/// Agents known to be revoked on this node. A revoked key never comes back, so the set only grows. Told at once by the node that
/// revokes and within seconds, by <see cref="RevocationWatch"/>, everywhere else.
/// </summary>
public sealed class AgentRevocations
{
    private readonly ConcurrentDictionary<string, bool> revoked = new(StringComparer.Ordinal);

    /// <summary>Once for each agent: end its sockets and parked requests. Listeners must return at once and never throw.</summary>
    public event Action<string>? Revoked;

    public bool IsRevoked(string agentId) => revoked.ContainsKey(agentId);

    /// <summary>Call after the commit. True when it was news.</summary>
    public bool Announce(string agentId)
    {
        if (!revoked.TryAdd(agentId, true))
            return false;
        Revoked?.Invoke(agentId);
        return true;
    }
}
