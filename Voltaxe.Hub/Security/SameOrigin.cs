using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.SignalR;

namespace Voltaxe.Hub.Security;

/// <summary>
/// A browser sends the cookie along with what other sites make it send. What comes with the cookie and can change something – every
/// method but the safe ones, and everything that opens or reads a live connection – must come from the dashboard itself. A WebSocket from
/// another origin is refused whatever its credential: browsers do not ask before they open one.
/// </summary>
public static class SameOrigin
{
    public static IApplicationBuilder UseSameOrigin(this IApplicationBuilder app, HubOptions options) => app.Use((context, next) =>
        IsForeign(context, options.PublicOrigin)
            ? BearerHandler.ForbidAsync(context, context.RequestServices.GetRequiredService<RefusalLog>(), "cross_site")
            : next(context));

    private static bool IsForeign(HttpContext context, string? publicOrigin)
    {
        var request = context.Request;
        if (context.User.Identity?.IsAuthenticated != true)
            return false;
        var opensSocket = OpensSocket(context);
        if (context.User.Identity.AuthenticationType != IdentityConstants.ApplicationScheme)
            return opensSocket && request.Headers.ContainsKey("Origin") && !IsOurs(request, publicOrigin);
        var isLive = opensSocket || context.GetEndpoint()?.Metadata.GetMetadata<HubMetadata>() is not null;
        return (isLive || !IsSafe(request.Method)) && !IsOurs(request, publicOrigin);
    }

    private static bool IsSafe(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method);

    /// <summary>By the request itself: whether a server middleware takes it for a WebSocket is known only later, at the endpoint.</summary>
    private static bool OpensSocket(HttpContext context) =>
        context.Request.Headers.Upgrade.Count > 0 || context.Features.Get<IHttpExtendedConnectFeature>()?.IsExtendedConnect == true;

    /// <param name="request">With scheme and host as the trusted proxy told them.</param>
    /// <param name="publicOrigin">Of <see cref="HubOptions.PublicUrl"/>: ours, too.</param>
    public static bool IsOurs(HttpRequest request, string? publicOrigin)
    {
        if (request.Headers.TryGetValue("Sec-Fetch-Site", out var site))
            return site == "same-origin";
        if (request.Headers.TryGetValue("Origin", out var origin))
            return string.Equals(origin, ReverseProxy.OriginOf(request.Scheme, request.Host) ?? "-", StringComparison.OrdinalIgnoreCase)
                || (publicOrigin is not null && string.Equals(origin, publicOrigin, StringComparison.OrdinalIgnoreCase));
        // No browser, or an old one. Still nothing that another site's form, image or script could send.
        return request.HasJsonContentType() || HttpMethods.IsDelete(request.Method) || request.Headers.ContainsKey("RequestVerificationToken")
            || request.Headers.ContainsKey("X-Requested-With")
            || request.HttpContext.GetEndpoint()?.Metadata.GetMetadata<GuardedByFormToken>() is not null;
    }
}

/// <summary>Marks an endpoint that checks the antiforgery token of its form itself.</summary>
public sealed class GuardedByFormToken;
