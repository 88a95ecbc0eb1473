namespace Voltaxe.Hub.Agents;

public static class CredentialsSetup
{
    /// <summary>What keeps the credentials of agents tidy.</summary>
    public static IServiceCollection AddAgentCredentials(this IServiceCollection services)
    {
        services.AddSingleton<CredentialSweep>();
        services.AddHostedService(provider => provider.GetRequiredService<CredentialSweep>());
        return services;
    }
}
