using Voltaxe.Contracts.Operators;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Agents;
using Voltaxe.Hub.Domain;
using Voltaxe.Hub.Persistence;
using Voltaxe.Hub.Pipeline;
using Voltaxe.Hub.Security;

namespace Voltaxe.Hub.Delivery;

/// <summary>
/// Holds an HTTP sync that has nothing to be told until there is something: a command, a question, a cancel that was not asked yet.
/// Waiting touches no database.
/// </summary>
public sealed class ParkedSync(HubStore store, AgentLinks links, Asks asks, PresenceBoard presence, AgentRevocations revocations, HubOptions options)
{
    /// <summary>The reply; a refusal when the agent is revoked meanwhile.</summary>
    public async Task<Result<SyncReply>> WaitAsync(string agentId, SyncRequest sync, SyncReply reply, CancellationToken ct)
    {
        if (!IsQuiet(agentId, reply) || sync.WaitSeconds == 0)
            return reply;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(sync.WaitSeconds), store.Clock.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
        while (true)
        {
            var parked = links.Park(agentId);
            try
            {
                if (revocations.IsRevoked(agentId))
                    return Refusal.Unauthenticated("This agent was revoked.");
                // Whatever was committed between the answer and the parking rang for nobody: look once more.
                if (MayHaveOpen(agentId) || asks.PendingFor(agentId).Count > 0)
                {
                    reply = await LookAsync(agentId, sync, reply, ct);
                    if (!IsQuiet(agentId, reply))
                        return reply;
                }
                if (!await parked.Task.WaitAsync(either.Token))
                    return reply with { HubTime = store.Clock.Now };
            }
            catch (OperationCanceledException) when (!ct.IsCancellationRequested)
            {
                return reply with { HubTime = store.Clock.Now }; // The agent sets its clock by it: not by the time at which it began to wait.
            }
            finally
            {
                links.Unpark(agentId, parked);
            }
        }
    }

    private bool MayHaveOpen(string agentId)
    {
        var entry = presence.Of(agentId);
        lock (entry.Gate)
            return entry.MayHaveOpen;
    }

    /// <summary>Only what was never handed out: what else the agent holds, a newer sync may have said meanwhile.</summary>
    private async Task<SyncReply> LookAsync(string agentId, SyncRequest sync, SyncReply reply, CancellationToken ct)
    {
        var (commands, cancels) = await store.WriteAsync(async (write, token) =>
        {
            var agent = await write.LockAgentAsync(agentId, token);
            if (agent is null || agent.RevokedAt is not null || agent.Epoch != sync.Epoch || agent.Instance != sync.Instance)
                return ([], []);
            var known = await write.OpenOrGivenUpAsync(agentId, token);
            var chosen = Claim.HandOut(write, agent, [.. known.Where(c => !c.IsTerminal)], null, new HandOutTo(Channel.Poll, agent.Epoch, null, false), options.Delivery);
            return ((IReadOnlyList<Envelope>)[.. chosen.Select(Claim.EnvelopeOf)], Claim.CancelsOf(agent, known));
        }, ct);
        return reply with { HubTime = store.Clock.Now, Commands = commands, Cancel = cancels, Asks = asks.PendingFor(agentId) };
    }

    /// <summary>Remembers the cancels that it sees, so that each ends a wait once.</summary>
    private bool IsQuiet(string agentId, SyncReply reply)
    {
        var fresh = false;
        var entry = presence.Of(agentId);
        lock (entry.Gate)
        {
            foreach (var cancel in reply.Cancel)
                fresh |= entry.CancelsAsked.Add((cancel.Uid, cancel.Why));
        }
        return !fresh && reply.Commands.Count + reply.Recorded.Count + reply.Drop.Count + reply.Asks.Count + reply.Keys.Count == 0;
    }
}
