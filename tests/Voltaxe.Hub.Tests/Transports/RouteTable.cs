using Microsoft.AspNetCore.Components.Endpoints;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;

namespace Voltaxe.Hub.Tests.Transports;

/// <summary>What a running hub has routes for, one entry a method.</summary>
internal static class RouteTable
{
    /// <param name="Method"><c>GET</c>; also where the route takes any, as those of SignalR do.</param>
    /// <param name="Path">As the protocol writes it: <c>/api/v1/commands/{id}</c>, without constraints.</param>
    /// <param name="Endpoint">Behind it.</param>
    public sealed record Route(string Method, string Path, RouteEndpoint Endpoint)
    {
        /// <summary>For programs: no page, form, file or script of the dashboard.</summary>
        public bool IsPublic => Endpoint.Metadata.GetMetadata<ComponentTypeMetadata>() is null && !IsFile && !Path.StartsWith("/_", StringComparison.Ordinal)
            && !Path.StartsWith("/sign-", StringComparison.Ordinal);

        private bool IsFile => Endpoint.Metadata.Any(m => m.GetType().FullName?.StartsWith("Microsoft.AspNetCore.StaticAssets.", StringComparison.Ordinal) == true);

        /// <summary>The path with this in place of every parameter.</summary>
        public string PathWith(string value) => "/" + string.Join('/', Endpoint.RoutePattern.PathSegments.Select(s => string.Concat(s.Parts.Select(p =>
            p is RoutePatternLiteralPart literal ? literal.Content : p is RoutePatternSeparatorPart dot ? dot.Content : value))));

        public override string ToString() => $"{Method} {Path}";
    }

    public static IReadOnlyList<Route> Of(RunningHub hub) =>
    [
        .. hub.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .SelectMany(e => (e.Metadata.GetMetadata<IHttpMethodMetadata>() is { HttpMethods.Count: > 0 } named ? named.HttpMethods : ["GET"])
                .Select(method => new Route(method, PathOf(e), e)))
            .DistinctBy(r => r.ToString()),
    ];

    private static string PathOf(RouteEndpoint endpoint) => "/" + string.Join('/', endpoint.RoutePattern.PathSegments.Select(s => string.Concat(s.Parts.Select(p => p switch
    {
        RoutePatternLiteralPart literal => literal.Content,
        RoutePatternSeparatorPart dot => dot.Content,
        RoutePatternParameterPart parameter => "{" + parameter.Name + "}",
        _ => throw new InvalidOperationException($"{endpoint.RoutePattern.RawText} has a part that this test does not know"),
    }))));
}
