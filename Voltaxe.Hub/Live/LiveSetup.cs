using Voltaxe.Contracts.Operators;

namespace Voltaxe.Hub.Live;

public static class LiveSetup
{
    /// <summary>What watchers see.</summary>
    public static IServiceCollection AddLive(this IServiceCollection services)
    {
        services.AddSingleton<LiveFeed>();
        services.AddHostedService(provider => provider.GetRequiredService<LiveFeed>());
        services.AddSingleton<EvidenceFeed>();
        services.AddHostedService(provider => provider.GetRequiredService<EvidenceFeed>());
        services.AddScoped<IHubReader, HubReader>();
        services.AddScoped<IEvidenceReader, EvidenceReader>();
        return services;
    }
}
