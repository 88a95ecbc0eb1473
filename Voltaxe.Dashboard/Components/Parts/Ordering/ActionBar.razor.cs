using Microsoft.AspNetCore.Components;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Model.Ordering;

namespace Voltaxe.Dashboard.Components.Parts.Ordering;

/// <summary>Everything that can be asked of one host.</summary>
public sealed partial class ActionBar
{
    private ActionKind? asked;

    [Parameter, EditorRequired] public AgentView Agent { get; set; } = null!;
    /// <summary>The host's commands that have not ended.</summary>
    [Parameter, EditorRequired] public IReadOnlyList<CommandView> Open { get; set; } = [];
    [Parameter, EditorRequired] public Rights Rights { get; set; } = Rights.None;
    [Parameter] public EventCallback<CommandView> OnQueued { get; set; }

    private IEnumerable<ActionKind> Kinds => [.. Availability.NetworkChoices(Agent), ActionKind.Kill, ActionKind.Collect];
}
