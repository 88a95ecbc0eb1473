using Microsoft.AspNetCore.Components;
using Voltaxe.Contracts.Operators;

namespace Voltaxe.Dashboard.Components.Parts.Progress;

/// <summary>What was ordered, by whom and why.</summary>
public sealed partial class CommandFacts
{
    [Parameter, EditorRequired] public CommandView Command { get; set; } = null!;
}
