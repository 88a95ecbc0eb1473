using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;

namespace Voltaxe.Dashboard.Components.Layout;

/// <summary>What is around every page once somebody is signed in.</summary>
public sealed partial class Shell
{
    private ErrorBoundary? boundary;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    // A bare "#main" would lead to the start page: links are relative to the base address.
    private string MainLink => Navigation.Uri.Split('#')[0] + "#main";

    /// <summary>Another page gets another chance.</summary>
    protected override void OnParametersSet() => boundary?.Recover();
}
