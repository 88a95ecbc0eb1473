using System.Text.Json;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Model.Looks;
using Voltaxe.Dashboard.Model.Texts;

namespace Voltaxe.Dashboard.Model.Progress;

/// <summary>What became of one item of a collection, as the agent reports it. All of it is fit to be shown.</summary>
/// <param name="Bytes">Null when it did not say.</param>
/// <param name="Counts">How many pieces of it went how: "12 taken, 1 cut, 3 refused".</param>
/// <param name="Why">The first thing that is missing of it and should be there.</param>
public sealed record CollectedItem(string Name, Look Look, long? Bytes, string Counts, string? Why)
{
    private const int Most = 20, MostCounts = 6, WordMax = 30, WhyMax = 200;

    /// <summary>The items of a collection's result; none where it has another shape.</summary>
    public static IReadOnlyList<CollectedItem> Of(CommandView command) =>
        command is { Command: CommandNames.CollectForensics, Result.Data: { ValueKind: JsonValueKind.Object } data } && Part(data, "items", JsonValueKind.Object) is { } items
            ? [.. items.EnumerateObject().Where(i => i.Value.ValueKind == JsonValueKind.Object).Take(Most).Select(i => Of(i.Name, i.Value))]
            : [];

    private static CollectedItem Of(string name, JsonElement item) => new(
        SafeText.Line(name, WordMax).Replace('_', ' '),
        LookOf(item),
        Part(item, "bytes", JsonValueKind.Number) is { } size && size.TryGetInt64(out var bytes) && bytes >= 0 ? bytes : null,
        Part(item, "counts", JsonValueKind.Object) is { } counts
            ? string.Join(", ", counts.EnumerateObject().Where(c => c.Value.ValueKind == JsonValueKind.Number).Take(MostCounts).Select(c => $"{SafeJson.Plain(c.Value, WordMax)} {SafeText.Line(c.Name, WordMax)}"))
            : "",
        WhyOf(item));

    private static Look LookOf(JsonElement item) => (Part(item, "status", JsonValueKind.String) is { } status ? SafeJson.Plain(status, WordMax) : "") switch
    {
        "complete" => new("Complete", Glyph.Check, Tone.Good),
        "partial" => new("In part", Glyph.Alert, Tone.Warn),
        "failed" => new("Failed", Glyph.Cross, Tone.Bad),
        "" => new("Unknown", Glyph.Question, Tone.Neutral),
        var other => new(other, Glyph.Question, Tone.Neutral),
    };

    /// <summary>What was refused is no fault: links and pipes have no content that could be missing.</summary>
    private static string? WhyOf(JsonElement item)
    {
        if (Part(item, "error", JsonValueKind.String) is { } error)
            return SafeJson.Plain(error, WhyMax);
        foreach (var (list, fields) in ((string, string[])[])[("pieces", ["error", "cut"]), ("not_taken", ["why"])])
        {
            foreach (var piece in Part(item, list, JsonValueKind.Array)?.EnumerateArray().Where(p => p.ValueKind == JsonValueKind.Object) ?? [])
            {
                var isFault = list == "pieces" || Part(piece, "status", JsonValueKind.String) is { } status && status.ValueEquals("error");
                if (isFault && fields.Select(f => Part(piece, f, JsonValueKind.String)).FirstOrDefault(f => f is not null) is { } why)
                    return Part(piece, "source", JsonValueKind.String) is { } source ? $"{SafeJson.Plain(source, WhyMax)}: {SafeJson.Plain(why, WhyMax)}" : SafeJson.Plain(why, WhyMax);
            }
        }
        return null;
    }

    private static JsonElement? Part(JsonElement of, string name, JsonValueKind kind) =>
        of.TryGetProperty(name, out var part) && part.ValueKind == kind ? part : null;
}
