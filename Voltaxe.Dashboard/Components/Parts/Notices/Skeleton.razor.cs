using Microsoft.AspNetCore.Components;

namespace Voltaxe.Dashboard.Components.Parts.Notices;

/// <summary>The shape of what is being loaded.</summary>
public sealed partial class Skeleton
{
    [Parameter] public int Lines { get; set; } = 6;
    [Parameter] public string Words { get; set; } = "Loading…";
}
