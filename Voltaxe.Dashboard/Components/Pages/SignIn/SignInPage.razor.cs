using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;

namespace Voltaxe.Dashboard.Components.Pages.SignIn;

/// <summary>User name and password, posted to the hub. Rendered on the server alone: a cookie needs a real request.</summary>
public sealed partial class SignInPage
{
    /// <summary>The cookie in which the hub keeps the user name of a failed attempt for the form: not in the address, which logs and histories keep.</summary>
    public const string NameCookie = "voltaxe_name";

    /// <summary>A slug; see <see cref="Model.Texts.SignInWords"/>.</summary>
    [SupplyParameterFromQuery(Name = "error")] private string? Error { get; set; }
    [SupplyParameterFromQuery(Name = "notice")] private string? Notice { get; set; }
    [SupplyParameterFromQuery(Name = "ReturnUrl")] private string? ReturnUrl { get; set; }
    [CascadingParameter] private HttpContext? Http { get; set; }

    /// <summary>What was typed before; empty unless an attempt has just failed.</summary>
    private string Name => !string.IsNullOrEmpty(Error) && Http?.Request.Cookies[NameCookie] is { Length: > 0 and <= 100 } name ? name : "";
}
