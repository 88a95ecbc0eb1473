using Microsoft.AspNetCore.Components;

namespace Voltaxe.Dashboard.Components.Parts.Ordering;

/// <summary>A label, what belongs under it, and what is wrong with it.</summary>
public sealed partial class Field
{
    /// <summary>The id of the input; hint and fault are named after it.</summary>
    [Parameter, EditorRequired] public string For { get; set; } = "";
    [Parameter, EditorRequired] public string Label { get; set; } = "";
    [Parameter] public string? Hint { get; set; }
    [Parameter] public string? Fault { get; set; }
    [Parameter] public bool Optional { get; set; }
    [Parameter] public RenderFragment? ChildContent { get; set; }

    /// <summary>For the input's aria-describedby.</summary>
    public static string? DescribedBy(string id, string? hint, string? fault) => (hint, fault) switch
    {
        (null, null) => null,
        (_, null) => $"{id}-hint",
        (null, _) => $"{id}-fault",
        _ => $"{id}-hint {id}-fault",
    };
}
