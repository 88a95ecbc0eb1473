using Voltaxe.Hub.Agents;
using Voltaxe.Hub.Persistence;

namespace Voltaxe.Hub.Delivery;

/// <summary>Whom a commit wakes on this node: the hint in memory, a parked request, the pump.</summary>
public sealed class Bells(CommitBell bell, PresenceBoard presence, AgentLinks links, PushPump pump) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        bell.Rung += Wake;
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        bell.Rung -= Wake;
        return Task.CompletedTask;
    }

    private void Wake(Committed committed)
    {
        foreach (var agentId in committed.Ring)
        {
            presence.Ring(agentId);
            links.Wake(agentId);
        }
        pump.Ring(committed.Ring);
    }
}
