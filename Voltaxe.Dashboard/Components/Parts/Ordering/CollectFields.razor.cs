using Microsoft.AspNetCore.Components;
using Voltaxe.Dashboard.Model.Ordering;

namespace Voltaxe.Dashboard.Components.Parts.Ordering;

/// <summary>What to read from the host.</summary>
public sealed partial class CollectFields
{
    [Parameter, EditorRequired] public OrderDraft Draft { get; set; } = null!;
    [Parameter, EditorRequired] public IReadOnlyDictionary<string, string> Faults { get; set; } = null!;

    private void Choose(string item, bool wanted)
    {
        if (wanted)
            Draft.Collect.Add(item);
        else
            Draft.Collect.Remove(item);
    }
}
