using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components.Endpoints;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.StaticAssets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Voltaxe.Dashboard.Components;
using Voltaxe.Dashboard.Components.Parts.Notices;

namespace Voltaxe.Dashboard;

/// <summary>How a host takes the dashboard in. It brings the seams itself: <c>IHubReader</c>, <c>IEvidenceReader</c> and <c>IHubActions</c>, scoped.</summary>
public static class DashboardRoom
{
    /// <summary>
    /// What the pages may load and talk to: only where they came from. No inline script, no inline style; the live connection is a
    /// WebSocket to the same origin.
    /// </summary>
    public const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
        + "form-action 'self'; base-uri 'self'; frame-ancestors 'none'";

    /// <param name="builder">The host's.</param>
    /// <param name="publicOrigin">An origin, as <c>https://hub.example</c>, that browsers come from besides the one that requests name.</param>
    public static WebApplicationBuilder AddDashboard(this WebApplicationBuilder builder, string? publicOrigin = null)
    {
        builder.Services.AddSingleton(new PublicOrigin(publicOrigin));
        // From the build's output too, not only when published or in Development; does nothing where there is no manifest.
        builder.WebHost.UseStaticWebAssets();
        builder.Services.AddRazorComponents().AddInteractiveServerComponents();
        builder.Services.AddCascadingAuthenticationState();
        builder.Services.AddScoped<Toasts>();
        builder.Services.TryAddSingleton(TimeProvider.System);
        return builder;
    }

    /// <summary>Headers for every page, and a page instead of a blank for addresses that a browser asks for in vain. Before routing.</summary>
    public static IApplicationBuilder UseDashboard(this IApplicationBuilder app)
    {
        app.Use(static (http, next) =>
        {
            http.Response.OnStarting(static state =>
            {
                var headers = ((HttpContext)state).Response.Headers;
                headers.ContentSecurityPolicy = ContentSecurityPolicy;
                headers.XContentTypeOptions = "nosniff";
                headers["Referrer-Policy"] = "same-origin";
                return Task.CompletedTask;
            }, http);
            return next(http);
        });
        app.UseStatusCodePagesWithReExecute("/not-found");
        return app.Use(static (http, next) =>
        {
            if (!IsForAPage(http.Request) && http.Features.Get<IStatusCodePagesFeature>() is { } pages)
                pages.Enabled = false;
            return next(http);
        });
    }

    /// <summary>Refuses to serve without the files of the pages: they would be answered empty, and nobody would know why.</summary>
    /// <exception cref="FileNotFoundException">One of them is missing; the message is one line.</exception>
    public static void RequireStaticFiles(this WebApplication app)
    {
        var root = app.Environment.WebRootFileProvider;
        var paths = ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints)
            .Select(endpoint => endpoint.Metadata.GetMetadata<StaticAssetDescriptor>()?.AssetPath).OfType<string>().Distinct().ToArray();
        string[] missing = paths.Length == 0 ? ["(all of them)"] : [.. paths.Where(path => !root.GetFileInfo(path).Exists)];
        if (missing.Length > 0)
            throw new FileNotFoundException($"The dashboard's static files are not where this program is ({app.Environment.ContentRootPath}): {missing[0]} is missing, one of {missing.Length}. Publish it again, whole.");
    }

    /// <summary>The pages and their files. Files are open to everybody; each page says itself who may see it.</summary>
    public static RazorComponentsEndpointConventionBuilder MapDashboard(this WebApplication app)
    {
        app.MapStaticAssets().AllowAnonymous();
        var pages = app.MapRazorComponents<App>().AddInteractiveServerRenderMode();
        pages.Finally(ReadOnly);
        return pages;
    }

    /// <summary>
    /// Pages are only ever read. Blazor would also take a POST to each of them, and so stand in the way of the hub's own
    /// handlers for <c>POST /sign-in</c> and the like.
    /// </summary>
    private static void ReadOnly(EndpointBuilder endpoint)
    {
        if (!endpoint.Metadata.OfType<ComponentTypeMetadata>().Any())
            return;
        foreach (var methods in endpoint.Metadata.OfType<IHttpMethodMetadata>().ToArray())
            endpoint.Metadata.Remove(methods);
        endpoint.Metadata.Add(new HttpMethodMetadata([HttpMethods.Get]));
    }

    private static bool IsForAPage(HttpRequest request) =>
        HttpMethods.IsGet(request.Method) && request.Headers.Accept.ToString().Contains("text/html", StringComparison.Ordinal);
}
