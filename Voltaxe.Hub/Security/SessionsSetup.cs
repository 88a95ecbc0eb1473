using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server.Circuits;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Voltaxe.Hub.Persistence;

namespace Voltaxe.Hub.Security;

/// <summary>Sign-in of people: users, their cookie, and the form tokens that go with it.</summary>
internal static class SessionsSetup
{
    public static void AddSessions(this IServiceCollection services, SessionLimits limits, bool https, bool hasPrefix)
    {
        services.AddSingleton<OperatorSessions>();
        services.AddScoped<CircuitActivity>();
        services.AddScoped<CircuitHandler>(provider => provider.GetRequiredService<CircuitActivity>());
        services.AddSingleton<UserSeals>();
        services.AddSingleton<IPasswordHasher<HubUser>, SealedPasswordHasher>();
        services.AddSingleton<PasswordDecoy>();
        services.AddIdentityCore<HubUser>(Rules).AddEntityFrameworkStores<HubDb>().AddSignInManager();
        services.Replace(ServiceDescriptor.Scoped<IUserClaimsPrincipalFactory<HubUser>, SessionClaims>());
        services.AddScoped<AuthenticationStateProvider, CircuitRevalidation>();
        services.AddAntiforgery(o =>
        {
            o.Cookie = https ? new SecureCookie() : o.Cookie;
            Shape(o.Cookie, "voltaxe_form", https, hasPrefix);
            o.SuppressXFrameOptionsHeader = true; // SecurityHeaders says it for every answer.
        });
        services.AddOptions<CookieAuthenticationOptions>(IdentityConstants.ApplicationScheme).Configure<RefusalLog>((o, refusals) =>
        {
            Shape(o.Cookie, "voltaxe_session", https, hasPrefix);
            o.Cookie.SecurePolicy = https ? CookieSecurePolicy.Always : CookieSecurePolicy.SameAsRequest;
            o.ExpireTimeSpan = limits.Lifetime;
            o.SlidingExpiration = false; // How long somebody did nothing is written down with the session.
            o.LoginPath = "/sign-in";
            o.AccessDeniedPath = "/access-denied";
            o.Events = new CookieAuthenticationEvents
            {
                OnSigningIn = BeginAsync,
                OnSigningOut = context => SessionsOf(context.HttpContext).EndAsync(context.HttpContext.User, context.HttpContext.RequestAborted),
                OnValidatePrincipal = ValidateAsync,
                OnRedirectToLogin = context => Browsers.AsksForPage(context.Request)
                    ? RedirectAsync(context)
                    : BearerHandler.ChallengeAsync(context.HttpContext, refusals),
                OnRedirectToAccessDenied = context => Browsers.AsksForPage(context.Request)
                    ? RedirectAsync(context)
                    : BearerHandler.ForbidAsync(context.HttpContext, refusals),
            };
        });
    }

    private static OperatorSessions SessionsOf(HttpContext context) => context.RequestServices.GetRequiredService<OperatorSessions>();

    private static async Task BeginAsync(CookieSigningInContext context)
    {
        var (http, user) = (context.HttpContext, context.Principal!);
        // Somebody signs in over a session that stands: that one is over.
        await SessionsOf(http).EndAsync(http.User, http.RequestAborted);
        var userId = user.FindFirstValue(http.RequestServices.GetRequiredService<IOptions<IdentityOptions>>().Value.ClaimsIdentity.UserIdClaimType)!;
        ((ClaimsIdentity)user.Identity!).AddClaim(new(OperatorSessions.Claim, await SessionsOf(http).BeginAsync(userId, http.RequestAborted)));
    }

    private static async Task ValidateAsync(CookieValidatePrincipalContext context)
    {
        if (await SessionsOf(context.HttpContext).StandsAsync(context.Principal!, active: true, context.HttpContext.RequestAborted))
            return;
        context.RejectPrincipal();
        await context.HttpContext.SignOutAsync(IdentityConstants.ApplicationScheme);
    }

    private static void Rules(IdentityOptions o)
    {
        o.Lockout = new() { AllowedForNewUsers = true, MaxFailedAccessAttempts = 5, DefaultLockoutTimeSpan = TimeSpan.FromMinutes(5) };
        o.User.RequireUniqueEmail = false;
    }

    /// <summary>Lax, so that a link in a ticket opens signed in; what changes something is guarded by <see cref="SameOrigin"/>.</summary>
    private static void Shape(CookieBuilder cookie, string name, bool https, bool hasPrefix)
    {
        // Under a path of PublicUrl the cookie keeps to it, as other programs may share the host; "__Host-" would ask for the root.
        cookie.Name = (https ? hasPrefix ? "__Secure-" : "__Host-" : "") + name;
        cookie.HttpOnly = true;
        cookie.IsEssential = true;
        cookie.Path = hasPrefix ? null : "/";
        cookie.SameSite = SameSiteMode.Lax;
        cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
    }

    /// <summary>
    /// Secure whatever the proxy told of the scheme: the browser's end of the connection is TLS. The antiforgery service would fail with
    /// an exception on a request that does not look like TLS, were its policy "always".
    /// </summary>
    private sealed class SecureCookie : CookieBuilder
    {
        public override CookieOptions Build(HttpContext context, DateTimeOffset expiresFrom)
        {
            var options = base.Build(context, expiresFrom);
            options.Secure = true;
            return options;
        }
    }

    private static Task RedirectAsync(RedirectContext<CookieAuthenticationOptions> context)
    {
        // Without scheme and host: what the hub sees of them need not be where the browser is.
        var origin = $"{context.Request.Scheme}://{context.Request.Host}";
        context.Response.Redirect(context.RedirectUri.StartsWith(origin, StringComparison.Ordinal) ? context.RedirectUri[origin.Length..] : context.RedirectUri);
        return Task.CompletedTask;
    }
}
