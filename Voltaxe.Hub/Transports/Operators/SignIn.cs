using MediatR;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using Voltaxe.Hub.Accounts;
using Voltaxe.Hub.Pipeline;
using Voltaxe.Hub.Security;
using RequestSizeLimitAttribute = Microsoft.AspNetCore.Mvc.RequestSizeLimitAttribute;

namespace Voltaxe.Hub.Transports.Operators;

/// <summary>What the dashboard's forms post to. Each ends in a redirect: onwards, or back to the form with <c>?error=…</c>.</summary>
public static class SignIn
{
    private const int Limit = 16 * 1024;

    /// <summary>The sign-in page of the dashboard reads it by this name.</summary>
    private const string NameCookie = "voltaxe_name";

    public static void MapSignIn(this IEndpointRouteBuilder routes)
    {
        Form(routes, "/sign-in", PasswordAsync).AllowAnonymous().RequireRateLimiting(DoorLimiting.SignIn);
        Form(routes, "/sign-in/once", LinkAsync).AllowAnonymous().RequireRateLimiting(DoorLimiting.SignIn);
        Form(routes, "/sign-out", OutAsync).AllowAnonymous();
    }

    private static RouteHandlerBuilder Form(IEndpointRouteBuilder routes, string path, Func<HttpContext, IFormCollection, Task<string>> act) =>
        routes.MapPost(path, async (HttpContext context, IAntiforgery antiforgery) =>
        {
            if (!context.Request.HasFormContentType)
                return new Refusal(415, "unsupported_media_type", "This is for a form.").ToResult();
            var form = await context.Request.ReadFormAsync(context.RequestAborted);
            var target = await antiforgery.IsRequestValidAsync(context) ? await act(context, form) : Back(path, "form", form);
            return Results.Redirect(Placed(target, context.Request.PathBase));
        }).DisableAntiforgery().WithMetadata(new GuardedByFormToken(), new RequestSizeLimitAttribute(Limit)).ExcludeFromDescription();

    private static async Task<string> PasswordAsync(HttpContext context, IFormCollection form)
    {
        var services = context.RequestServices;
        var (signIn, hasher) = (services.GetRequiredService<SignInManager<HubUser>>(), services.GetRequiredService<PasswordDecoy>());
        var (name, password) = (form["username"].ToString(), form["password"].ToString());
        var user = password.Length <= RedeemLink.LongestPassword && Names.Fits(name) ? await signIn.UserManager.FindByNameAsync(name) : null;
        if (user?.PasswordHash is null)
            hasher.Spend(password); // So that an unknown name takes as long as a wrong password.
        var result = user?.PasswordHash is null ? SignInResult.Failed : await signIn.PasswordSignInAsync(user, password, isPersistent: false, lockoutOnFailure: true);
        KeepName(context, Names.Fits(name) && !result.Succeeded ? name : null);
        if (result.Succeeded)
            return LocalOrHome(form["return_url"]);
        services.GetRequiredService<RefusalLog>().Note(context, result.IsLockedOut ? "locked_out" : "wrong_password");
        return Back("/sign-in", result.IsLockedOut ? "locked" : "credentials", form);
    }

    /// <summary>For the form that comes back after a failure; null forgets it. Not in the address, which logs and histories keep.</summary>
    private static void KeepName(HttpContext context, string? name)
    {
        // As careful as with the session's.
        var cookie = context.RequestServices.GetRequiredService<IOptionsMonitor<CookieAuthenticationOptions>>().Get(IdentityConstants.ApplicationScheme).Cookie.Build(context);
        (cookie.Path, cookie.MaxAge, cookie.Expires) = (context.Request.PathBase + "/sign-in", name is null ? null : TimeSpan.FromMinutes(5), null);
        if (name is not null)
            context.Response.Cookies.Append(NameCookie, name, cookie);
        else if (context.Request.Cookies.ContainsKey(NameCookie))
            context.Response.Cookies.Delete(NameCookie, cookie);
    }

    private static async Task<string> LinkAsync(HttpContext context, IFormCollection form)
    {
        var services = context.RequestServices;
        string? Field(string name) => form.TryGetValue(name, out var value) ? value.ToString() : null;
        var answer = await services.GetRequiredService<IMediator>().Send(
            new RedeemLink.Request(Field("token"), Field("password"), Field("password_again"), Principals.TextOf(context.Connection.RemoteIpAddress)), context.RequestAborted);
        if (answer.Refusal is { } refused)
        {
            if (refused.Status == StatusCodes.Status401Unauthorized)
                services.GetRequiredService<RefusalLog>().Note(context, refused.Slug);
            return Back("/sign-in/once", refused.Slug, form);
        }
        var signIn = services.GetRequiredService<SignInManager<HubUser>>();
        if (await signIn.UserManager.FindByIdAsync(answer.Value) is { } user)
            await signIn.SignInAsync(user, isPersistent: false);
        return LocalOrHome(form["return_url"]);
    }

    private static async Task<string> OutAsync(HttpContext context, IFormCollection form)
    {
        await context.RequestServices.GetRequiredService<SignInManager<HubUser>>().SignOutAsync();
        return "/sign-in?notice=signed_out";
    }

    private static string Back(string path, string error, IFormCollection form)
    {
        var query = new QueryString().Add("error", error);
        if (path == "/sign-in/once" && form["token"].ToString() is { Length: > 0 and < 200 } token && error != "link")
            query = form.ContainsKey("password") ? query.Add("token", token).Add("setup", "true") : query.Add("token", token);
        if (LocalOrHome(form["return_url"]) is var target and not "/")
            query = query.Add("ReturnUrl", target);
        return (path == "/sign-out" ? "/" : path) + query;
    }

    /// <summary>Below the prefix under which the browser sees the hub; a way back that came with it has it already.</summary>
    public static string Placed(string target, PathString prefix) =>
        prefix.HasValue && !new PathString(target.Split('?', '#')[0]).StartsWithSegments(prefix) ? prefix + target : target;

    /// <summary>A path of ours, or the start page: never another site.</summary>
    public static string LocalOrHome(string? url) =>
        url is ['/', ..] and not ['/', '/' or '\\', ..] && url.Length <= 2_000 && url.All(c => c is > ' ' and < '\x7f' and not '\\') ? url : "/";
}
