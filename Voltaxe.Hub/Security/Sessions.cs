using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using Voltaxe.Contracts.Json;

namespace Voltaxe.Hub.Security;

/// <summary>A user's claims, from the sealed row alone: the tables of claims and roles that Identity also knows give nothing.</summary>
public sealed class SessionClaims(UserSeals seals, IOptions<IdentityOptions> options) : IUserClaimsPrincipalFactory<HubUser>
{
    public Task<ClaimsPrincipal> CreateAsync(HubUser user)
    {
        var names = options.Value.ClaimsIdentity;
        var identity = new ClaimsIdentity(IdentityConstants.ApplicationScheme, ClaimTypes.Name, Principals.RoleClaim);
        identity.AddClaim(new(names.UserIdClaimType, user.Id));
        identity.AddClaim(new(ClaimTypes.Name, user.UserName!));
        identity.AddClaim(new(names.SecurityStampClaimType, user.SecurityStamp ?? ""));
        if (seals.RoleHolds(user))
            identity.AddClaims(Principals.OperatorClaims(user.Role));
        return Task.FromResult(new ClaimsPrincipal(identity));
    }
}

/// <summary>Looks at the user again every 30 s of a session: who was removed, demoted or edited by another hand is out.</summary>
public sealed class SessionValidator(IOptions<SecurityStampValidatorOptions> options, SignInManager<HubUser> signIn, ILoggerFactory logger, UserSeals seals)
    : SecurityStampValidator<HubUser>(options, signIn, logger)
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    protected override async Task<HubUser?> VerifySecurityStamp(ClaimsPrincipal? principal) =>
        await base.VerifySecurityStamp(principal) is { } user && seals.RoleHolds(user) ? user : null;
}

/// <summary>The same for the dashboard's circuits, which outlive the request that opened them.</summary>
public sealed class CircuitRevalidation(ILoggerFactory logger, IServiceScopeFactory scopes, IOptions<IdentityOptions> options)
    : RevalidatingServerAuthenticationStateProvider(logger)
{
    protected override TimeSpan RevalidationInterval => SessionValidator.Interval;

    protected override Task<bool> ValidateAuthenticationStateAsync(AuthenticationState authenticationState, CancellationToken cancellationToken) =>
        IsStillValidAsync(authenticationState.User);

    /// <summary>The user exists, its stamp is the session's, and so is its role.</summary>
    public async Task<bool> IsStillValidAsync(ClaimsPrincipal user)
    {
        await using var scope = scopes.CreateAsyncScope();
        var users = scope.ServiceProvider.GetRequiredService<UserManager<HubUser>>();
        var seals = scope.ServiceProvider.GetRequiredService<UserSeals>();
        return await users.GetUserAsync(user) is { } found
            && seals.RoleHolds(found)
            && Words.Of(found.Role) == user.FindFirstValue(Principals.RoleClaim)
            && found.SecurityStamp == user.FindFirstValue(options.Value.ClaimsIdentity.SecurityStampClaimType);
    }
}
