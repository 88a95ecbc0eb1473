using Microsoft.AspNetCore.Components;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Model.Ordering;

namespace Voltaxe.Dashboard.Components.Parts.Ordering;

/// <summary>Which process to end: pid, and name or start time.</summary>
public sealed partial class KillFields
{
    [Parameter, EditorRequired] public AgentView Agent { get; set; } = null!;
    [Parameter, EditorRequired] public OrderDraft Draft { get; set; } = null!;
    [Parameter, EditorRequired] public IReadOnlyDictionary<string, string> Faults { get; set; } = null!;
}
