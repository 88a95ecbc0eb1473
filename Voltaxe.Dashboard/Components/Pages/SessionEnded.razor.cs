using Microsoft.AspNetCore.Components;

namespace Voltaxe.Dashboard.Components.Pages;

/// <summary>Says that the session of this tab has ended, and leads back to where it was after signing in.</summary>
public sealed partial class SessionEnded
{
    [Inject] private NavigationManager Navigation { get; set; } = null!;

    private string Again => "sign-in?ReturnUrl=" + Uri.EscapeDataString("/" + Navigation.ToBaseRelativePath(Navigation.Uri));
}
