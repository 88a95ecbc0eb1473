using Microsoft.AspNetCore.Components;
using Voltaxe.Dashboard.Model.Lists;

namespace Voltaxe.Dashboard.Components.Parts.Tables;

/// <summary>Which part of a list of known length is shown.</summary>
public sealed partial class Pager
{
    [Parameter, EditorRequired] public Paging Paging { get; set; } = null!;
    [Parameter] public EventCallback<int> OnPage { get; set; }
    [Parameter] public EventCallback<int> OnSize { get; set; }
}
