using Microsoft.AspNetCore.Components;
using Voltaxe.Dashboard.Model.Looks;

namespace Voltaxe.Dashboard.Components.Parts.Badges;

/// <summary>One fact: colour, icon and word.</summary>
public sealed partial class Badge
{
    [Parameter, EditorRequired] public Look Look { get; set; } = null!;
    [Parameter] public string? TestId { get; set; }
    /// <summary>The wire's word, for tests and scripts.</summary>
    [Parameter] public string? Value { get; set; }
    [Parameter] public string? Hint { get; set; }
}
