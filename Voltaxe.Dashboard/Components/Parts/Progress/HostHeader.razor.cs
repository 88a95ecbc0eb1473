using Microsoft.AspNetCore.Components;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Model.Ordering;

namespace Voltaxe.Dashboard.Components.Parts.Progress;

/// <summary>What a host is now, and what can be asked of it.</summary>
public sealed partial class HostHeader
{
    [Inject] private TimeProvider Clock { get; set; } = null!;
    [Parameter, EditorRequired] public AgentView Agent { get; set; } = null!;
    [Parameter, EditorRequired] public IReadOnlyList<CommandView> Open { get; set; } = [];
    [Parameter, EditorRequired] public Rights Rights { get; set; } = Rights.None;
    [Parameter] public EventCallback<CommandView> OnQueued { get; set; }
}
