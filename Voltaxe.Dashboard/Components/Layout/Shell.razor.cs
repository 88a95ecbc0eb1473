using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Voltaxe.Dashboard.Model.Looks;

namespace Voltaxe.Dashboard.Components.Layout;

/// <summary>What is around every page once somebody is signed in.</summary>
public sealed partial class Shell
{
    private ErrorBoundary? boundary;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    // A bare "#main" would lead to the start page: links are relative to the base address.
    private string MainLink => Navigation.Uri.Split('#')[0] + "#main";

    private string Here => Navigation.ToBaseRelativePath(Navigation.Uri).Split('#')[0];

    private static IReadOnlyList<(string Href, Glyph Glyph, string Word)> Tabs { get; } =
        [("fleet", Glyph.Hosts, "Fleet"), ("commands", Glyph.List, "Commands"), ("evidence", Glyph.Box, "Evidence")];

    /// <summary>The tab that the page belongs to: the start page and a host's are the fleet's.</summary>
    private string? Current => Navigation.ToBaseRelativePath(Navigation.Uri).Split('/', '?', '#')[0] switch
    {
        "" or "fleet" or "hosts" => "fleet",
        "commands" => "commands",
        "evidence" => "evidence",
        _ => null,
    };

    /// <summary>Another page gets another chance.</summary>
    protected override void OnParametersSet() => boundary?.Recover();
}
