using Microsoft.AspNetCore.Components;

namespace Voltaxe.Dashboard.Components.Pages.SignIn;

/// <summary>The one-time link: one click, and a password for those who have none yet.</summary>
public sealed partial class SignInOnce
{
    [SupplyParameterFromQuery(Name = "token")] private string? TokenWord { get; set; }
    [SupplyParameterFromQuery(Name = "setup")] private string? Setup { get; set; }
    [SupplyParameterFromQuery(Name = "error")] private string? Error { get; set; }

    private string? Token => TokenWord is { Length: > 0 and <= 512 } token ? token : null;

    private bool NeedsPassword => Setup == "true";
}
