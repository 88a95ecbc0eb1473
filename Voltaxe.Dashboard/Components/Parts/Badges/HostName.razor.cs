using Microsoft.AspNetCore.Components;
using Voltaxe.Dashboard.Model.Texts;

namespace Voltaxe.Dashboard.Components.Parts.Badges;

/// <summary>A host's name, in as much room as there is: up to 253 characters, cut with an ellipsis by the browser, whole on hover.</summary>
public sealed partial class HostName
{
    /// <summary>As long as a host name may be.</summary>
    public const int Longest = 253;

    [Parameter, EditorRequired] public string Of { get; set; } = "";
    /// <summary>Where it leads; null: it is only said.</summary>
    [Parameter] public string? Href { get; set; }

    private string Name => SafeText.Line(Of, Longest);
}
