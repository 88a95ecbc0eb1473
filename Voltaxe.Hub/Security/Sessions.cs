using System.Security.Claims;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server;
using Microsoft.AspNetCore.Components.Server.Circuits;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using Voltaxe.Hub.Persistence;

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

/// <summary>Whether the person behind a circuit did something since it was last asked: events of a page, not the page's own signs of life.</summary>
public sealed class CircuitActivity : CircuitHandler
{
    private int seen;

    public bool Take() => Interlocked.Exchange(ref seen, 0) != 0;

    public override Func<CircuitInboundActivityContext, Task> CreateInboundActivityHandler(Func<CircuitInboundActivityContext, Task> next) => context =>
    {
        Interlocked.Exchange(ref seen, 1);
        return next(context);
    };
}

/// <summary>Looks again and again whether a circuit's session still stands: circuits outlive the request that opened them.</summary>
public sealed class CircuitRevalidation(ILoggerFactory logger, OperatorSessions sessions, CircuitActivity activity) : RevalidatingServerAuthenticationStateProvider(logger)
{
    /// <summary>Everybody whose session ended is out within 30 s; this leaves room for a slow database.</summary>
    protected override TimeSpan RevalidationInterval => TimeSpan.FromSeconds(10);

    protected override Task<bool> ValidateAuthenticationStateAsync(AuthenticationState authenticationState, CancellationToken cancellationToken) =>
        IsStillValidAsync(authenticationState.User, cancellationToken);

    public async Task<bool> IsStillValidAsync(ClaimsPrincipal user, CancellationToken ct = default)
    {
        try
        {
            return await sessions.StandsAsync(user, activity.Take(), ct);
        }
        catch (StorageUnavailableException)
        {
            // Without the database nothing can be ordered; who is signed in is asked again.
            return true;
        }
    }
}
