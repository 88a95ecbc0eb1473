using Voltaxe.Contracts.Operators;

namespace Voltaxe.Dashboard.Model.Texts;

/// <summary>A refusal of the hub as a person reads it: what went wrong, by field where known, and the id to ask about.</summary>
public sealed record ProblemWords(string Title, IReadOnlyList<string> Faults, string? TraceId)
{
    public static ProblemWords Of(ProblemView problem)
    {
        var title = SafeText.Line(problem.Detail ?? problem.Title ?? "The hub refused this.", 300);
        var faults = (problem.Errors ?? new Dictionary<string, string[]>())
            .SelectMany(field => field.Value.Select(text => SafeText.Line($"{field.Key}: {text}")))
            .Take(20)
            .ToArray();
        return new(title, faults, problem.TraceId is { } id ? SafeText.Line(id, 64) : null);
    }

    /// <summary>In one line, for a toast.</summary>
    public string Sentence => string.Join(" ", new[] { Title }.Concat(Faults)) + (TraceId is null ? "" : $" (id {TraceId})");
}
