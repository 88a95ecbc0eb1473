using Microsoft.AspNetCore.Components;
using Voltaxe.Dashboard.Model.Texts;

namespace Voltaxe.Dashboard.Components.Parts.Notices;

/// <summary>A refusal of the hub, with the id to ask about.</summary>
public sealed partial class ProblemNotice
{
    [Parameter, EditorRequired] public ProblemWords? Problem { get; set; }
}
