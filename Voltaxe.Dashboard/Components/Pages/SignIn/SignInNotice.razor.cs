using Microsoft.AspNetCore.Components;

namespace Voltaxe.Dashboard.Components.Pages.SignIn;

/// <summary>What the last attempt came to. Only words of our own table: the address can be written by anybody.</summary>
public sealed partial class SignInNotice
{
    [Parameter] public string? Error { get; set; }
    [Parameter] public string? Notice { get; set; }
}
