using Microsoft.AspNetCore.Components;
using Voltaxe.Dashboard.Model.Looks;
using Voltaxe.Dashboard.Model.Ordering;

namespace Voltaxe.Dashboard.Components.Parts.Ordering;

/// <summary>A button that, where it cannot be used, says why.</summary>
public sealed partial class ActionButton
{
    private readonly string whyId = $"why-{Guid.NewGuid():N}";

    [Parameter, EditorRequired] public string TestId { get; set; } = "";
    [Parameter, EditorRequired] public string Text { get; set; } = "";
    [Parameter, EditorRequired] public Glyph Glyph { get; set; }
    [Parameter, EditorRequired] public Availability Availability { get; set; } = Availability.Yes;
    /// <summary>For screen readers, where the text alone does not say on what.</summary>
    [Parameter] public string? Label { get; set; }
    [Parameter] public string? Class { get; set; }
    /// <summary>The reason as text beside the button, not only on hover.</summary>
    [Parameter] public bool ShowWhy { get; set; }
    [Parameter] public EventCallback OnClick { get; set; }

    private Task ClickAsync() => Availability.Enabled ? OnClick.InvokeAsync() : Task.CompletedTask;
}
