using Microsoft.AspNetCore.Components;
using Voltaxe.Dashboard.Model.Progress;

namespace Voltaxe.Dashboard.Components.Parts.Progress;

/// <summary>What a collection brought, item by item: what is missing of it is not hidden in the data.</summary>
public sealed partial class CollectedItems
{
    [Parameter, EditorRequired] public IReadOnlyList<CollectedItem> Items { get; set; } = [];
}
