using Microsoft.AspNetCore.Components;

namespace Voltaxe.Dashboard.Components.Parts.Notices;

/// <summary>Says that the rows are no longer live, and since when.</summary>
public sealed partial class FeedNotice
{
    [Parameter, EditorRequired] public bool Lost { get; set; }
    [Parameter] public DateTimeOffset? Since { get; set; }
}
