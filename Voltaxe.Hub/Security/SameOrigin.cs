using Microsoft.AspNetCore.Identity;

namespace Voltaxe.Hub.Security;

/// <summary>
/// A browser sends the cookie along with what other sites make it send. What comes with the cookie and can change something – every
/// method but the safe ones, and sockets – must come from the dashboard itself.
/// </summary>
public static class SameOrigin
{
    public static IApplicationBuilder UseSameOrigin(this IApplicationBuilder app) => app.Use((context, next) =>
        context.User.Identity?.AuthenticationType == IdentityConstants.ApplicationScheme && CanChange(context) && !IsOurs(context.Request)
            ? BearerHandler.ForbidAsync(context, context.RequestServices.GetRequiredService<RefusalLog>(), "cross_site")
            : next(context));

    private static bool CanChange(HttpContext context) =>
        context.WebSockets.IsWebSocketRequest || !(HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method) || HttpMethods.IsOptions(context.Request.Method));

    public static bool IsOurs(HttpRequest request)
    {
        if (request.Headers.TryGetValue("Sec-Fetch-Site", out var site))
            return site == "same-origin";
        if (request.Headers.TryGetValue("Origin", out var origin))
            return string.Equals(origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase);
        // No browser. Still nothing that a plain form of an old one could send.
        return request.HasJsonContentType() || HttpMethods.IsDelete(request.Method) || request.Headers.ContainsKey("RequestVerificationToken")
            || request.HttpContext.GetEndpoint()?.Metadata.GetMetadata<GuardedByFormToken>() is not null;
    }
}

/// <summary>Marks an endpoint that checks the antiforgery token of its form itself.</summary>
public sealed class GuardedByFormToken;
