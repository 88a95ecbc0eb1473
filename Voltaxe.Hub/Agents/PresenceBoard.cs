using System.Collections.Concurrent;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Operators;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Domain;

namespace Voltaxe.Hub.Agents;

/// <summary>
/// What this node has in memory about agents that talk to it: only hints and what changes with every sync, written back now and
/// then. Losing it loses nothing: the next sync of each agent goes through the database once.
/// </summary>
public sealed class PresenceBoard
{
    private readonly ConcurrentDictionary<string, Entry> entries = new();

    public sealed class Entry
    {
        public readonly Lock Gate = new();
        public string? Epoch;
        public string? Instance;
        public long N;
        public long Position;
        public long HighestSeq;
        public AgentInfo? Info;
        public Observed? Observed;
        public DateTimeOffset? LastSeen;
        public bool OnSocket;
        /// <summary>The row in the database is older than <see cref="LastSeen"/>.</summary>
        public bool Dirty;
        /// <summary>There may be something to hand out, to record or to end. Only a look into the database clears it.</summary>
        public bool MayHaveOpen = true;
        /// <summary>Raised with every ring, so that a look that began before it does not clear the hint.</summary>
        public long Rings;
        /// <summary>Cancels that were already asked in a reply: they do not end a parked request.</summary>
        public HashSet<(Guid, CancelWhy)> CancelsAsked = [];
    }

    public Entry Of(string agentId) => entries.GetOrAdd(agentId, _ => new Entry());

    public Entry? Find(string agentId) => entries.GetValueOrDefault(agentId);

    public void Forget(string agentId) => entries.TryRemove(agentId, out _);

    /// <summary>Something was committed for this agent.</summary>
    public void Ring(string agentId)
    {
        if (Find(agentId) is not { } entry)
            return;
        lock (entry.Gate)
        {
            entry.MayHaveOpen = true;
            entry.Rings++;
        }
    }

    public bool HasRungSince(string agentId, long rings)
    {
        var entry = Of(agentId);
        lock (entry.Gate)
            return entry.Rings != rings;
    }

    /// <summary>
    /// True when a sync says nothing new and nothing waits for its agent: then it is answered without the database.
    /// </summary>
    public bool IsUneventful(string agentId, SyncRequest sync, bool onSocket, DateTimeOffset now)
    {
        if (Find(agentId) is not { } entry || sync.Holding.Count + sync.Received.Count + sync.Results.Count + sync.Events.Count + sync.Answers.Count > 0)
            return false;
        lock (entry.Gate)
        {
            if (entry.MayHaveOpen || entry.Epoch != sync.Epoch || entry.Instance != sync.Instance || sync.N <= entry.N
                || sync.Position != entry.Position || sync.HighestSeq != entry.HighestSeq || !Same(sync.Info, entry.Info)
                || (sync.Observed is not null && sync.Observed != entry.Observed) || onSocket != entry.OnSocket)
                return false;
            entry.N = sync.N;
            entry.LastSeen = now;
            entry.Dirty = true;
            return true;
        }
    }

    /// <summary>A sync went through the database.</summary>
    public void Saw(string agentId, SyncRequest sync, bool onSocket, bool hasOpen, long ringsBefore, DateTimeOffset now)
    {
        var entry = Of(agentId);
        lock (entry.Gate)
        {
            (entry.Epoch, entry.Instance, entry.N, entry.Position, entry.HighestSeq) = (sync.Epoch, sync.Instance, sync.N, sync.Position, sync.HighestSeq);
            entry.Info = sync.Info ?? entry.Info;
            entry.Observed = sync.Observed ?? entry.Observed;
            entry.LastSeen = now;
            entry.OnSocket = onSocket;
            if (!hasOpen)
                entry.CancelsAsked.Clear();
            if (entry.Rings == ringsBefore)
                entry.MayHaveOpen = hasOpen;
        }
    }

    public void SocketClosed(string agentId)
    {
        if (Find(agentId) is not { } entry)
            return;
        lock (entry.Gate)
        {
            entry.OnSocket = false;
            entry.Dirty = true;
        }
    }

    /// <summary>Takes what the database does not know yet.</summary>
    public IReadOnlyList<(string AgentId, string? Instance, DateTimeOffset LastSeen, long N, bool OnSocket)> TakeDirty()
    {
        var taken = new List<(string, string?, DateTimeOffset, long, bool)>();
        foreach (var (agentId, entry) in entries)
        {
            lock (entry.Gate)
            {
                if (!entry.Dirty || entry.LastSeen is not { } seen)
                    continue;
                entry.Dirty = false;
                taken.Add((agentId, entry.Instance, seen, entry.N, entry.OnSocket));
            }
        }
        return taken;
    }

    public static Presence Judge(DateTimeOffset? lastSeen, bool onSocket, int pollSeconds, DateTimeOffset now)
    {
        if (lastSeen is not { } seen)
            return Presence.Never;
        var age = now - seen;
        if (onSocket && age <= TimeSpan.FromSeconds(45))
            return Presence.Live;
        if (age <= TimeSpan.FromSeconds(3 * pollSeconds))
            return Presence.Polling;
        return age <= TimeSpan.FromMinutes(15) ? Presence.Stale : Presence.Offline;
    }

    private static bool Same(AgentInfo? said, AgentInfo? known) => said is null || (known is not null
        && said.Hostname == known.Hostname && said.Os == known.Os && said.Version == known.Version && said.Capabilities.SequenceEqual(known.Capabilities));
}
