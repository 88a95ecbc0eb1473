using Microsoft.AspNetCore.Components;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Model.Ordering;
using Voltaxe.Dashboard.Model.Progress;

namespace Voltaxe.Dashboard.Components.Parts.Ordering;

/// <summary>The way to withdraw a command; not there once it has ended.</summary>
public sealed partial class CancelButton
{
    // The dialog stays while it is open, so that what was typed is not torn away; the hub answers 409.
    private static readonly Cancelling Over = new("Cancel", "It has ended meanwhile: there is nothing left to cancel.", Availability.Yes);

    private bool open;

    [Parameter, EditorRequired] public CommandView Command { get; set; } = null!;
    [Parameter, EditorRequired] public Rights Rights { get; set; } = Rights.None;
    [Parameter] public EventCallback<CommandView> OnCancelled { get; set; }
}
