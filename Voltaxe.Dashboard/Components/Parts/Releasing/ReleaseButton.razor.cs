using Microsoft.AspNetCore.Components;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Model.Ordering;

namespace Voltaxe.Dashboard.Components.Parts.Releasing;

/// <summary>The way to a release code, for a host that is isolated and silent. The dialog stays when the host comes back meanwhile: a code is shown once.</summary>
public sealed partial class ReleaseButton
{
    private bool open;

    [Parameter, EditorRequired] public AgentView Agent { get; set; } = null!;
    [Parameter, EditorRequired] public Rights Rights { get; set; } = Rights.None;
}
