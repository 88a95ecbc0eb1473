using Microsoft.AspNetCore.Components;

namespace Voltaxe.Dashboard.Components.Parts.Tables;

/// <summary>A number worth knowing, and the way to the rows behind it.</summary>
public sealed partial class FilterChip
{
    [Parameter, EditorRequired] public string Text { get; set; } = "";
    [Parameter, EditorRequired] public int Count { get; set; }
    [Parameter, EditorRequired] public string Href { get; set; } = "/";
    [Parameter] public bool Active { get; set; }
    [Parameter] public string? TestId { get; set; }
}
