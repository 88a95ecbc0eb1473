using Voltaxe.Hub.Agents;
using Voltaxe.Hub.Persistence;

namespace Voltaxe.Hub.Delivery;

public static class DeliverySetup
{
    public static IServiceCollection AddDelivery(this IServiceCollection services)
    {
        services.AddSingleton<PresenceBoard>();
        services.AddSingleton<AgentViews>();
        services.AddSingleton<AgentLinks>();
        services.AddSingleton<Asks>();
        services.AddSingleton<SyncPass>();
        services.AddSingleton<ParkedSync>();
        services.AddSingleton<SeedIdentity>();
        services.AddSingleton<Sweeper>();
        services.AddSingleton<PushPump>();
        services.AddHostedService(p => p.GetRequiredService<PushPump>());
        services.AddHostedService<RevokedLinks>();
        services.AddHostedService<Bells>();
        services.AddHostedService<SweeperLoop>();
        services.AddHostedService<PresenceLoop>();
        services.AddHostedService<NodeDoorbell>();
        return services;
    }

    /// <summary>Whom a commit wakes on this node: the hint in memory, a parked request, the pump.</summary>
    private sealed class Bells(CommitBell bell, PresenceBoard presence, AgentLinks links, PushPump pump) : IHostedService
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
}
