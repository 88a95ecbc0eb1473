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
        services.AddHostedService<Bells>();
        services.AddHostedService<SweeperLoop>();
        services.AddHostedService<PresenceLoop>();
        services.AddHostedService<NodeDoorbell>();
        return services;
    }
}
