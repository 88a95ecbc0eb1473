using Microsoft.AspNetCore.Components;
using Voltaxe.Contracts.Operators;

namespace Voltaxe.Dashboard.Components.Parts.Badges;

/// <summary>A command's state in the protocol's word; the sentence behind it on hover.</summary>
public sealed partial class StatusBadge
{
    [Parameter, EditorRequired] public CommandView Command { get; set; } = null!;
}
