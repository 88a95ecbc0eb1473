using Microsoft.AspNetCore.Components;

namespace Voltaxe.Dashboard.Components.Pages.SignIn;

/// <summary>User name and password, posted to the hub. Rendered on the server alone: a cookie needs a real request.</summary>
public sealed partial class SignInPage
{
    /// <summary>A slug; see <see cref="Model.Texts.SignInWords"/>.</summary>
    [SupplyParameterFromQuery(Name = "error")] private string? Error { get; set; }
    [SupplyParameterFromQuery(Name = "notice")] private string? Notice { get; set; }
    [SupplyParameterFromQuery(Name = "ReturnUrl")] private string? ReturnUrl { get; set; }
}
