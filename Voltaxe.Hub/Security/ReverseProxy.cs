using Microsoft.AspNetCore.HttpOverrides;

namespace Voltaxe.Hub.Security;

/// <summary>
/// The hub behind a reverse proxy. Scheme, host, client address and path prefix are taken from the X-Forwarded headers of trusted
/// proxies alone (<see cref="HubOptions.TrustedProxies"/>); of several addresses the last one that no trusted proxy has is the client's.
/// </summary>
public static class ReverseProxy
{
    /// <summary>The setting as networks; an address is a network of one.</summary>
    /// <param name="entry">As <c>192.0.2.7</c>, <c>10.0.0.0/8</c> or <c>2001:db8::/32</c>.</param>
    /// <param name="network">What it names.</param>
    public static bool TryParse(string? entry, out System.Net.IPNetwork network)
    {
        network = default;
        if (entry is null)
            return false;
        if (!System.Net.IPAddress.TryParse(entry, out var address))
            return System.Net.IPNetwork.TryParse(entry, out network);
        address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        network = new(address, address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? 32 : 128);
        return true;
    }

    public static IServiceCollection AddReverseProxy(this IServiceCollection services, HubOptions options) =>
        // Also decides for the middleware that ASPNETCORE_FORWARDEDHEADERS_ENABLED adds, which would trust everybody.
        services.Configure<ForwardedHeadersOptions>(o =>
        {
            o.ForwardedHeaders = options.Trusted.Count > 0 ? ForwardedHeaders.All : ForwardedHeaders.None;
            o.ForwardLimit = null; // Through all trusted proxies, and no further.
            o.KnownProxies.Clear();
            o.KnownIPNetworks.Clear();
            foreach (var network in options.Trusted)
                o.KnownIPNetworks.Add(network);
        });

    /// <summary>Before everything that asks for scheme, host, address or path.</summary>
    public static IApplicationBuilder UseReverseProxy(this IApplicationBuilder app, HubOptions options)
    {
        app.UseForwardedHeaders();
        return options.PublicPath is not { HasValue: true } prefix ? app : app.Use((context, next) =>
        {
            if (!Place(context.Request, prefix, options))
                return next(context);
            // Addresses on a page are relative to its folder: without the slash they would lead out of it.
            context.Response.Redirect(prefix + "/" + context.Request.QueryString);
            return Task.CompletedTask;
        });
    }

    /// <exception cref="HubConfigurationException">The path of <see cref="HubOptions.PublicUrl"/> begins like one of the hub's own.</exception>
    public static void RefuseTakenPrefix(IEndpointRouteBuilder routes, HubOptions options)
    {
        if (!options.PublicPath.HasValue)
            return;
        var first = options.PublicPath.Value!.Split('/')[1];
        if (routes.DataSources.SelectMany(s => s.Endpoints).OfType<RouteEndpoint>()
            .Any(e => string.Equals(e.RoutePattern.RawText?.TrimStart('/').Split('/')[0], first, StringComparison.OrdinalIgnoreCase)))
            throw new HubConfigurationException([$"Voltaxe:PublicUrl has a path that begins with /{first}, which is a path of the hub itself"]);
    }

    /// <summary>
    /// Splits the prefix off the path, whether the proxy passed it on, said that it took it off, or took it off in silence. Who comes without it
    /// and under another host name asks the hub itself, and is served at the root. True: the prefix was asked for without its slash.
    /// </summary>
    private static bool Place(HttpRequest request, PathString prefix, HubOptions options)
    {
        if (request.Path.StartsWithSegments(prefix, out var rest))
        {
            (request.PathBase, request.Path) = (prefix, rest);
            return !rest.HasValue && HttpMethods.IsGet(request.Method);
        }
        if (!request.PathBase.HasValue && (OriginOf("https", request.Host) == options.PublicOrigin || OriginOf("http", request.Host) == options.PublicOrigin))
            request.PathBase = prefix;
        return false;
    }

    /// <summary>As browsers write it: lower case, without the usual port. Null: no host that could be in an address.</summary>
    public static string? OriginOf(string scheme, HostString host) =>
        Uri.TryCreate($"{scheme}://{host}", UriKind.Absolute, out var url) && host.HasValue ? url.GetLeftPart(UriPartial.Authority) : null;
}
