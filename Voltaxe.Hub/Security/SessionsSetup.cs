using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Voltaxe.Hub.Persistence;

namespace Voltaxe.Hub.Security;

/// <summary>Sign-in of people: users, their cookie, and the form tokens that go with it.</summary>
internal static class SessionsSetup
{
    public static readonly TimeSpan Life = TimeSpan.FromHours(8);

    public static void AddSessions(this IServiceCollection services, bool https)
    {
        services.AddSingleton<UserSeals>();
        services.AddSingleton<IPasswordHasher<HubUser>, SealedPasswordHasher>();
        services.AddSingleton<PasswordDecoy>();
        services.AddIdentityCore<HubUser>(Rules).AddEntityFrameworkStores<HubDb>().AddSignInManager();
        services.Replace(ServiceDescriptor.Scoped<IUserClaimsPrincipalFactory<HubUser>, SessionClaims>());
        services.Replace(ServiceDescriptor.Scoped<ISecurityStampValidator, SessionValidator>());
        services.Configure<SecurityStampValidatorOptions>(o => o.ValidationInterval = SessionValidator.Interval);
        services.AddScoped<AuthenticationStateProvider, CircuitRevalidation>();
        services.AddCascadingAuthenticationState();
        services.AddAntiforgery(o =>
        {
            Shape(o.Cookie, "voltaxe_form", https);
            o.SuppressXFrameOptionsHeader = true; // SecurityHeaders says it for every answer.
        });
        services.AddOptions<CookieAuthenticationOptions>(IdentityConstants.ApplicationScheme).Configure<RefusalLog>((o, refusals) =>
        {
            Shape(o.Cookie, "voltaxe_session", https);
            o.ExpireTimeSpan = Life;
            o.SlidingExpiration = true;
            o.LoginPath = "/sign-in";
            o.ReturnUrlParameter = "return_url";
            o.Events = new CookieAuthenticationEvents
            {
                OnValidatePrincipal = SecurityStampValidator.ValidatePrincipalAsync,
                OnRedirectToLogin = context => Browsers.AsksForPage(context.Request)
                    ? RedirectAsync(context)
                    : BearerHandler.ChallengeAsync(context.HttpContext, refusals),
                OnRedirectToAccessDenied = context => BearerHandler.ForbidAsync(context.HttpContext, refusals),
            };
        });
    }

    private static void Rules(IdentityOptions o)
    {
        o.Lockout = new() { AllowedForNewUsers = true, MaxFailedAccessAttempts = 5, DefaultLockoutTimeSpan = TimeSpan.FromMinutes(5) };
        o.User.RequireUniqueEmail = false;
    }

    /// <summary>Lax, so that a link in a ticket opens signed in; what changes something is guarded by <see cref="SameOrigin"/>.</summary>
    private static void Shape(CookieBuilder cookie, string name, bool https)
    {
        cookie.Name = https ? "__Host-" + name : name;
        cookie.HttpOnly = true;
        cookie.IsEssential = true;
        cookie.Path = "/";
        cookie.SameSite = SameSiteMode.Lax;
        cookie.SecurePolicy = https ? CookieSecurePolicy.Always : CookieSecurePolicy.SameAsRequest;
    }

    private static Task RedirectAsync(RedirectContext<CookieAuthenticationOptions> context)
    {
        context.Response.Redirect(context.RedirectUri);
        return Task.CompletedTask;
    }
}
