namespace Voltaxe.Hub.Security;

/// <summary>Tells a person's browser that opens a page from everything else, which gets problems instead of pages.</summary>
public static class Browsers
{
    private static readonly PathString[] NotPages =
        ["/api", "/agent", "/command", "/telemetry", "/hubs", "/legacy", "/openapi", "/healthz", "/readyz", "/_blazor", "/_framework"];

    public static bool AsksForPage(HttpRequest request) =>
        (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method))
        && request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase)
        && !NotPages.Any(path => request.Path.StartsWithSegments(path));
}
