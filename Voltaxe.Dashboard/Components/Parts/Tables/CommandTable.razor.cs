using System.Globalization;
using Microsoft.AspNetCore.Components;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Model.Ordering;

namespace Voltaxe.Dashboard.Components.Parts.Tables;

/// <summary>Commands, one a row.</summary>
public sealed partial class CommandTable
{
    [Parameter, EditorRequired] public string Caption { get; set; } = "";
    [Parameter, EditorRequired] public IReadOnlyList<CommandView> Rows { get; set; } = [];
    [Parameter, EditorRequired] public Rights Rights { get; set; } = Rights.None;
    [Parameter] public bool ShowHost { get; set; } = true;
    /// <summary>The row that is shown in full beside the table.</summary>
    [Parameter] public long? Selected { get; set; }
    /// <summary>Where a row leads; its own page if nothing else is said.</summary>
    [Parameter] public Func<CommandView, string>? LinkOf { get; set; }
    [Parameter] public EventCallback<CommandView> OnCancelled { get; set; }

    private string Link(CommandView row) => LinkOf?.Invoke(row) ?? string.Create(CultureInfo.InvariantCulture, $"commands/{row.Id}");
}
