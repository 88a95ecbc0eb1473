using Microsoft.AspNetCore.Components;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Model.Looks;
using Voltaxe.Dashboard.Model.Texts;

namespace Voltaxe.Dashboard.Components.Parts.Badges;

/// <summary>Whether a host is cut off, and how sure that is: the only place that draws it. Drift beside it where there is any.</summary>
public sealed partial class ContainmentBadge
{
    [Parameter, EditorRequired] public AgentView Agent { get; set; } = null!;

    private string? Hint => ContainmentLook.Sentence(Agent)
        ?? (Agent.Observed is { Isolated: true, Since: { } since } ? $"Isolated since {Stamp.Full(since)}, proven {Stamp.Full(ContainmentLook.ProvenAt(Agent)!.Value)}" : null);
}
