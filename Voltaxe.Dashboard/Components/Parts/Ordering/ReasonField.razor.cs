using Microsoft.AspNetCore.Components;
using Voltaxe.Dashboard.Model.Ordering;

namespace Voltaxe.Dashboard.Components.Parts.Ordering;

/// <summary>The reason that every order needs.</summary>
public sealed partial class ReasonField
{
    [Parameter] public string? Value { get; set; }
    [Parameter] public EventCallback<string?> ValueChanged { get; set; }
    [Parameter] public string? Fault { get; set; }

    private string? Text { get; set; }

    private string Hint => $"{Text?.Trim().Length ?? 0} of {OrderDraft.ReasonMin} to {OrderDraft.ReasonMax} characters. Kept with the command and in the audit trail.";

    protected override void OnParametersSet() => Text = Value;
}
