using System.Threading.Channels;
using Voltaxe.Contracts.Operators;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Domain;
using Voltaxe.Hub.Persistence;

namespace Voltaxe.Hub.Delivery;

/// <summary>
/// The fast road: agents that were rung for and hold a socket here get their commands in one claim for all of them. What is
/// lost on the way is found missing by the next sync or by the sweeper.
/// </summary>
public sealed class PushPump(HubStore store, AgentLinks links, HubOptions options, ILogger<PushPump> log) : BackgroundService
{
    private const int MaxAgentsPerClaim = 500;

    /// <summary>How long the others wait for an agent that does not read its socket; the sending goes on by itself, and the transport ends it.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private readonly Channel<string> rung = System.Threading.Channels.Channel.CreateUnbounded<string>(new() { SingleReader = true });

    /// <summary>Returns at once; agents without a socket here are passed over.</summary>
    public void Ring(IEnumerable<string> agentIds)
    {
        foreach (var id in agentIds.Where(id => links.SocketOf(id) is not null))
            rung.Writer.TryWrite(id);
    }

    /// <summary>Claims for these agents in one transaction and sends; returns how many commands went out.</summary>
    public async Task<int> PushOnceAsync(IReadOnlyCollection<string> agentIds, CancellationToken ct)
    {
        var targets = agentIds.Distinct().Select(id => (Id: id, Link: links.SocketOf(id))).Where(t => t.Link is not null)
            .ToDictionary(t => t.Id, t => t.Link!.Value);
        if (targets.Count == 0)
            return 0;
        var parcels = await store.WriteAsync(async (write, token) =>
        {
            var agents = await write.LockAgentsAsync(targets.Keys, token);
            var open = (await write.OpenCommandsAsync(targets.Keys, token)).ToLookup(c => c.AgentId);
            return agents.Select(agent => Pack(write, agent, targets[agent.Id].Session, [.. open[agent.Id]])).ToList();
        }, ct);
        try
        {
            await Task.WhenAll(parcels.Select(p => SendAsync(p, targets[p.AgentId].Socket, ct))).WaitAsync(Patience, store.Clock.Time, ct);
        }
        catch (TimeoutException)
        {
            log.SlowSockets();
        }
        Ring(parcels.Where(p => p.Envelopes.Count >= options.Delivery.MaxCommandsPerHandOut).Select(p => p.AgentId));
        return parcels.Sum(p => p.Envelopes.Count);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var batch = new List<string>();
        while (await rung.Reader.WaitToReadAsync(stoppingToken))
        {
            batch.Clear();
            while (batch.Count < MaxAgentsPerClaim && rung.Reader.TryRead(out var id))
                batch.Add(id);
            try
            {
                await PushOnceAsync(batch, stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // Nothing was claimed; the agents' next sync or the sweeper's scan does it again.
                log.PassFailed(e, "push");
            }
        }
    }

    private sealed record Parcel(string AgentId, bool IsCurrent, IReadOnlyList<Envelope> Envelopes, IReadOnlyList<CancelOrder> Cancels);

    private Parcel Pack(HubWrite write, Agent agent, long session, IReadOnlyCollection<Command> open)
    {
        if (agent.Session != session || agent.Epoch is null || agent.RevokedAt is not null)
            return new Parcel(agent.Id, false, [], []);
        var chosen = Claim.HandOut(write, agent, open, null, new HandOutTo(Contracts.Operators.Channel.Push, agent.Epoch, session, false), options.Delivery);
        return new Parcel(agent.Id, true, [.. chosen.Select(Claim.EnvelopeOf)], Claim.CancelsOf(agent, open));
    }

    private async Task SendAsync(Parcel parcel, IAgentSocket socket, CancellationToken ct)
    {
        try
        {
            if (!parcel.IsCurrent)
                socket.Abort();
            if (parcel.Cancels.Count > 0)
                await socket.CancelAsync(parcel.Cancels, ct);
            if (parcel.Envelopes.Count > 0)
                await socket.ExecuteAsync(parcel.Envelopes, ct);
        }
        catch (Exception e) when (e is not OperationCanceledException || !ct.IsCancellationRequested)
        {
            log.PushLost(parcel.AgentId, e.Message);
        }
    }
}
