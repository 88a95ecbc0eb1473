using Microsoft.AspNetCore.Components;

namespace Voltaxe.Dashboard.Components.Parts.Notices;

/// <summary>Copies a permalink to the clipboard.</summary>
public sealed partial class CopyLink
{
    /// <summary>A path of this site; the script makes it whole.</summary>
    [Parameter, EditorRequired] public string Href { get; set; } = "/";
}
