using Microsoft.AspNetCore.Components;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Model.Ordering;

namespace Voltaxe.Dashboard.Components.Parts.Tables;

/// <summary>Evidence, one file a row. A copy is fetched by the browser itself, past the circuit; the hub asks for the right to it again.</summary>
public sealed partial class EvidenceTable
{
    [Parameter, EditorRequired] public string Caption { get; set; } = "";
    [Parameter, EditorRequired] public IReadOnlyList<EvidenceView> Rows { get; set; } = [];
    [Parameter, EditorRequired] public Rights Rights { get; set; } = Rights.None;
    [Parameter] public bool ShowHost { get; set; } = true;
}
