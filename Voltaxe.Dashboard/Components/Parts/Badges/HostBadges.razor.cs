using Microsoft.AspNetCore.Components;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Model.Texts;

namespace Voltaxe.Dashboard.Components.Parts.Badges;

/// <summary>Presence and containment of a host, side by side, and drift where there is any.</summary>
public sealed partial class HostBadges
{
    [Parameter, EditorRequired] public AgentView Agent { get; set; } = null!;
    [Parameter, EditorRequired] public DateTimeOffset Now { get; set; }

    private string? Since => Agent.Observed is { Isolated: true, Since: { } since } ? $"Isolated since {Stamp.Full(since)}" : null;
}
