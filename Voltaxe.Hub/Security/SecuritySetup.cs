using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Identity;

namespace Voltaxe.Hub.Security;

public static class SecuritySetup
{
    /// <summary>The default scheme: the Authorization header decides where there is one, the dashboard's cookie otherwise.</summary>
    private const string Either = "Voltaxe";

    public static IServiceCollection AddSecurity(this IServiceCollection services, HubOptions options, bool https)
    {
        services.AddSingleton(_ => new HubKeys(options.Keys));
        services.AddSingleton<CommandSeals>();
        services.AddSingleton<AgentRevocations>();
        services.AddSingleton<AgentCredentials>();
        services.AddSingleton<OperatorCredentials>();
        services.AddSingleton<RefusalLog>();
        services.AddHostedService(provider => provider.GetRequiredService<RefusalLog>());
        services.AddSingleton<RevocationWatch>();
        services.AddHostedService(provider => provider.GetRequiredService<RevocationWatch>());
        services.AddAuthentication(Either)
            .AddPolicyScheme(Either, null, o => o.ForwardDefaultSelector = context =>
                context.Request.Headers.Authorization.Count > 0 ? BearerHandler.SchemeName : IdentityConstants.ApplicationScheme)
            .AddScheme<AuthenticationSchemeOptions, BearerHandler>(BearerHandler.SchemeName, null)
            .AddCookie(IdentityConstants.ApplicationScheme)
            .AddCookie(IdentityConstants.TwoFactorRememberMeScheme); // Identity signs out of it, too, when it ends a session.
        services.AddSessions(options.Sessions, https, options.PublicPath.HasValue);
        services.AddDataProtection().SetApplicationName("voltaxe").PersistKeysToFileSystem(new DirectoryInfo(options.KeyRing));
        return services;
    }
}
