using Microsoft.AspNetCore.Components;

namespace Voltaxe.Dashboard.Components.Parts.Badges;

/// <summary>A time in UTC, short on the screen and whole on hover.</summary>
public sealed partial class Timestamp
{
    [Inject] private TimeProvider Clock { get; set; } = null!;
    [Parameter, EditorRequired] public DateTimeOffset? At { get; set; }
    /// <summary>What to say where there is no time.</summary>
    [Parameter] public string Otherwise { get; set; } = "–";
}
