using Microsoft.AspNetCore.Components;
using Voltaxe.Contracts.Operators;

namespace Voltaxe.Dashboard.Components.Parts.Badges;

/// <summary>Presence and containment of a host, side by side, and drift where there is any.</summary>
public sealed partial class HostBadges
{
    [Parameter, EditorRequired] public AgentView Agent { get; set; } = null!;
    [Parameter, EditorRequired] public DateTimeOffset Now { get; set; }
}
