using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Routing;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.AspNetCore.Http;

namespace Voltaxe.Dashboard.Components;

/// <summary>The root document. Pages are interactive, except those that say otherwise: signing in sets cookies, which needs a real request.</summary>
public sealed partial class App
{
    [CascadingParameter] private HttpContext Http { get; set; } = null!;
    [Inject] private PublicOrigin Public { get; set; } = null!;

    private string BasePath => Http.Request.PathBase + "/";

    private string Origins => string.Join(' ', new[] { $"{Http.Request.Scheme}://{Http.Request.Host}", Public.Value }.OfType<string>());

    /// <summary>Without prerendering: nothing is on the screen that cannot be clicked yet, and no view is opened twice.</summary>
    private IComponentRenderMode? PageMode =>
        Http.AcceptsInteractiveRouting() ? new InteractiveServerRenderMode(prerender: false) : null;
}
