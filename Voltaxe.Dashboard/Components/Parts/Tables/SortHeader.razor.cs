using Microsoft.AspNetCore.Components;
using Voltaxe.Dashboard.Model.Lists;

namespace Voltaxe.Dashboard.Components.Parts.Tables;

/// <summary>A column's head that sorts by it.</summary>
public sealed partial class SortHeader
{
    [Parameter, EditorRequired] public string Text { get; set; } = "";
    [Parameter, EditorRequired] public FleetSort By { get; set; }
    [Parameter, EditorRequired] public FleetQuery Query { get; set; } = null!;
    [Parameter] public EventCallback<FleetSort> OnSort { get; set; }

    /// <summary>How wide the column is, and whether it is there on a narrower screen.</summary>
    [Parameter] public string? Class { get; set; }

    private bool Active => Query.Sort == By;

    private string AriaSort => !Active ? "none" : Query.Descending ? "descending" : "ascending";
}
