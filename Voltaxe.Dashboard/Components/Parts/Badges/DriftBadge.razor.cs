using Microsoft.AspNetCore.Components;
using Voltaxe.Contracts.Operators;

namespace Voltaxe.Dashboard.Components.Parts.Badges;

/// <summary>That a host is not as it was last asked to be, and since when; nothing where it is.</summary>
public sealed partial class DriftBadge
{
    [Parameter, EditorRequired] public AgentView Agent { get; set; } = null!;
}
