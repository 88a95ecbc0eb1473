using Microsoft.AspNetCore.Components;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Model.Looks;
using Voltaxe.Dashboard.Model.Ordering;
using Voltaxe.Dashboard.Model.Progress;

namespace Voltaxe.Dashboard.Components.Parts.Progress;

/// <summary>How far a command is, step by step. Draws what it is given; whoever holds the live row hands it on.</summary>
public sealed partial class CommandTracker
{
    [Parameter, EditorRequired] public CommandView Command { get; set; } = null!;
    [Parameter, EditorRequired] public Rights Rights { get; set; } = Rights.None;
    [Parameter] public EventCallback<CommandView> OnCancelled { get; set; }

    private TrackerView View { get; set; } = null!;

    protected override void OnParametersSet() => View = Tracker.Of(Command);

    private static string ToneOf(TrackerStep step) => new Look("", step.Glyph, step.Tone).ToneClass;
}
