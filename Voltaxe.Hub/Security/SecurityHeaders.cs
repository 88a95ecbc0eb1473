using System.Text.RegularExpressions;

namespace Voltaxe.Hub.Security;

/// <summary>What browsers are told with every answer: nothing from elsewhere, nothing inline, no frames, no guessing of types.</summary>
public static partial class SecurityHeaders
{
    public static IApplicationBuilder UseSecurityHeaders(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        context.Response.OnStarting(static state =>
        {
            var http = (HttpContext)state;
            var headers = http.Response.Headers;
            headers.ContentSecurityPolicy = PolicyFor(http.Request.Host.Value);
            headers.XContentTypeOptions = "nosniff";
            headers.XFrameOptions = "DENY";
            headers["Referrer-Policy"] = "same-origin";
            headers["Cross-Origin-Opener-Policy"] = "same-origin";
            headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";
            if (http.Request.IsHttps)
                headers.StrictTransportSecurity = "max-age=31536000";
            if (headers.CacheControl.Count == 0)
                headers.CacheControl = "no-store";
            return Task.CompletedTask;
        }, context);
        return next(context);
    });

    /// <summary>The dashboard's socket is named as well: not every browser counts it as 'self'.</summary>
    internal static string PolicyFor(string? host)
    {
        var sockets = host is not null && PlainHost().IsMatch(host) ? $" ws://{host} wss://{host}" : "";
        return $"default-src 'self'; connect-src 'self'{sockets}; img-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";
    }

    [GeneratedRegex(@"^[A-Za-z0-9.\-\[\]:]{1,260}\z")]
    private static partial Regex PlainHost();
}
