using System.Diagnostics;
using Microsoft.AspNetCore.Http.Features;

namespace Voltaxe.Hub.Security;

/// <summary>
/// A bridge for migrating: an unmodified Sentinel cannot send a header, so its token may stand in front of the seed's routes as
/// <c>/legacy/&lt;token&gt;</c>. It is moved into the header before anything can log or trace it.
/// </summary>
public static class LegacyTokenInPath
{
    private const string Prefix = "/legacy/", Hidden = "/legacy/-";
    private static readonly string[] Routes = ["/command/poll", "/command/result", "/telemetry"];

    public static IApplicationBuilder UseLegacyTokenInPath(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        var path = context.Request.Path.Value ?? "";
        if (!path.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
            return next(context);
        var end = path.IndexOf('/', Prefix.Length);
        var token = end < 0 ? path[Prefix.Length..] : path[Prefix.Length..end];
        var rest = end < 0 ? "" : path[end..];
        var known = Routes.Contains(rest, StringComparer.OrdinalIgnoreCase);
        context.Request.Path = known ? rest : Hidden;
        context.Features.Get<IHttpRequestFeature>()!.RawTarget = Hidden + (known ? rest : "");
        Activity.Current?.SetTag("url.path", Hidden + (known ? rest : ""));
        context.Request.Headers.Authorization = TokenText.TryReadAgent(token, out var parts) && parts.Legacy ? "Bearer " + token : "Bearer -";
        return next(context);
    });
}
