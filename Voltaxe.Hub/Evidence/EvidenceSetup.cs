namespace Voltaxe.Hub.Evidence;

public static class EvidenceSetup
{
    /// <summary>The vault, and who keeps it tidy.</summary>
    public static IServiceCollection AddEvidence(this IServiceCollection services)
    {
        services.AddSingleton<Vault>();
        services.AddSingleton<EvidenceKeeper>();
        services.AddHostedService(provider => provider.GetRequiredService<EvidenceKeeper>());
        return services;
    }
}
