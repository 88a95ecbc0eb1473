using Microsoft.AspNetCore.Components;
using Voltaxe.Dashboard.Model.Looks;

namespace Voltaxe.Dashboard.Components.Parts.Notices;

/// <summary>Where a list would be: why there is none, and what to do next.</summary>
public sealed partial class EmptyState
{
    [Parameter, EditorRequired] public string Why { get; set; } = "";
    [Parameter] public Glyph Glyph { get; set; } = Glyph.Inbox;
    /// <summary>What next.</summary>
    [Parameter, EditorRequired] public RenderFragment? ChildContent { get; set; }
}
