using Microsoft.AspNetCore.Components;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Model.Ordering;

namespace Voltaxe.Dashboard.Components.Parts.Tables;

/// <summary>One host in the fleet. Draws again only when its own facts are different.</summary>
public sealed partial class FleetRow
{
    private (AgentView, Rights)? drawn;
    private IReadOnlyList<CommandView> drawnOpen = [];

    [Parameter, EditorRequired] public AgentView Agent { get; set; } = null!;
    [Parameter, EditorRequired] public IReadOnlyList<CommandView> Open { get; set; } = [];
    [Parameter, EditorRequired] public Rights Rights { get; set; } = Rights.None;
    [Parameter] public EventCallback<(AgentView Agent, ActionKind Kind)> OnAction { get; set; }

    /// <summary>How often this row has been drawn, for the test that counts.</summary>
    internal int Drawings { get; private set; }

    private ActionKind Choice => Availability.NetworkChoices(Agent)[0];

    protected override bool ShouldRender()
    {
        if (drawn is var (agent, rights) && ReferenceEquals(agent, Agent) && rights == Rights && drawnOpen.SequenceEqual(Open, ReferenceEqualityComparer.Instance))
            return false;
        Remember();
        return true;
    }

    // The first drawing does not pass ShouldRender.
    protected override void OnParametersSet()
    {
        if (drawn is null)
            Remember();
    }

    private void Remember()
    {
        drawn = (Agent, Rights);
        drawnOpen = Open;
        Drawings++;
    }
}
