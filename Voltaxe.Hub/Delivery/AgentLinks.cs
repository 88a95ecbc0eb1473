using System.Collections.Concurrent;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Hub.Delivery;

/// <summary>A socket that an agent holds open to this node.</summary>
public interface IAgentSocket
{
    string ConnectionId { get; }
    Task ExecuteAsync(IReadOnlyList<Envelope> envelopes, CancellationToken ct);
    Task CancelAsync(IReadOnlyList<CancelOrder> cancels, CancellationToken ct);
    Task AskAsync(IReadOnlyList<Ask> asks, CancellationToken ct);
    void Abort();
}

/// <summary>Who hangs on this node's wires now: sockets with their session, and parked requests. Nothing durable.</summary>
public sealed class AgentLinks
{
    private readonly ConcurrentDictionary<string, (IAgentSocket Socket, long Session)> sockets = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource<bool>> parked = new();

    public int Connected => sockets.Count;

    public (IAgentSocket Socket, long Session)? SocketOf(string agentId) => sockets.TryGetValue(agentId, out var found) ? found : null;

    /// <summary>The session that this connection was given, or null before its first sync and after it was replaced.</summary>
    public long? SessionOf(string agentId, string connectionId) =>
        sockets.TryGetValue(agentId, out var found) && found.Socket.ConnectionId == connectionId ? found.Session : null;

    /// <summary>A connection's first sync drew this session; older sockets are aborted.</summary>
    public void Open(string agentId, IAgentSocket socket, long session)
    {
        IAgentSocket? replaced = null;
        sockets.AddOrUpdate(agentId, _ => (socket, session), (_, old) =>
        {
            replaced = null;
            if (old.Session > session)
            {
                replaced = socket; // The newer one was faster.
                return old;
            }
            if (old.Socket.ConnectionId != socket.ConnectionId)
                replaced = old.Socket;
            return (socket, session);
        });
        replaced?.Abort();
    }

    /// <summary>True when it was the agent's current socket.</summary>
    public bool Close(string agentId, string connectionId) =>
        sockets.TryGetValue(agentId, out var found) && found.Socket.ConnectionId == connectionId
        && sockets.TryRemove(new KeyValuePair<string, (IAgentSocket, long)>(agentId, found));

    /// <summary>Ends every link of a revoked agent.</summary>
    public void Cut(string agentId)
    {
        if (sockets.TryRemove(agentId, out var found))
            found.Socket.Abort();
        Wake(agentId);
    }

    /// <summary>One parked request an agent: a newer one releases the older. True from the task: there may be something to say.</summary>
    public TaskCompletionSource<bool> Park(string agentId)
    {
        var mine = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        parked.AddOrUpdate(agentId, mine, (_, older) =>
        {
            older.TrySetResult(false);
            return mine;
        });
        return mine;
    }

    /// <summary>The hub stops: whoever waits is answered now.</summary>
    public void ReleaseParked()
    {
        foreach (var (_, waiting) in parked)
            waiting.TrySetResult(false);
    }

    public void Unpark(string agentId, TaskCompletionSource<bool> mine) =>
        parked.TryRemove(new KeyValuePair<string, TaskCompletionSource<bool>>(agentId, mine));

    /// <summary>Whether a request of this agent waits here now.</summary>
    public bool IsParked(string agentId) => parked.ContainsKey(agentId);

    public void Wake(string agentId)
    {
        if (parked.TryGetValue(agentId, out var waiting))
            waiting.TrySetResult(true);
    }
}
