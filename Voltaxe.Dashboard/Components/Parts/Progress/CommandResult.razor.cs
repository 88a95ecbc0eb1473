using System.Text.Json;
using Microsoft.AspNetCore.Components;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Model.Progress;
using Voltaxe.Dashboard.Model.Texts;

namespace Voltaxe.Dashboard.Components.Parts.Progress;

/// <summary>What came back from the host. All of it is hostile text: made safe, capped, and shown as what somebody said.</summary>
public sealed partial class CommandResult
{
    private const int MostFacts = 12;

    [Parameter, EditorRequired] public CommandView Command { get; set; } = null!;

    private IReadOnlyList<CollectedItem> Items { get; set; } = [];

    /// <summary>The plain values at the top of the data, as a list that can be read at a glance.</summary>
    private IReadOnlyList<(string Name, string Value)> Facts { get; set; } = [];

    private string? Details { get; set; }

    protected override void OnParametersSet()
    {
        var data = Command.Result?.Data is { ValueKind: not (JsonValueKind.Null or JsonValueKind.Undefined) } json ? json : (JsonElement?)null;
        Facts = data is { ValueKind: JsonValueKind.Object } found ? [.. found.EnumerateObject().Where(IsPlain).Take(MostFacts).Select(Fact)] : [];
        Items = CollectedItem.Of(Command);
        Details = data is { } all && !(all.ValueKind == JsonValueKind.Object && all.EnumerateObject().Count() == Facts.Count) ? SafeJson.Of(all) : null;
    }

    private static bool IsPlain(JsonProperty p) =>
        p.Value.ValueKind is JsonValueKind.True or JsonValueKind.False or JsonValueKind.Number or JsonValueKind.String && p.Value.GetRawText().Length <= 300;

    private static (string, string) Fact(JsonProperty p) =>
        (SafeText.Line(p.Name, 40).Replace('_', ' '), SafeJson.Plain(p.Value, 300));
}
