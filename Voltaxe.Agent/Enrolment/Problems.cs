using System.Net;
using System.Text;
using System.Text.Json;
using Voltaxe.Contracts.Json;

namespace Voltaxe.Agent.Enrolment;

/// <summary>Reads what a hub says when it refuses (RFC 9457), trusting nothing of it.</summary>
internal static class Problems
{
    private const int MaxChars = 500;

    /// <summary>One line for a log or a terminal, without control characters.</summary>
    public static string Describe(HttpStatusCode status, string body)
    {
        var text = TryParse(body) is { } problem
            ? string.Join(", ", new[] { Text(problem, "title"), Text(problem, "detail"), Text(problem, "type"), Errors(problem) }.Where(t => t is not null))
            : "";
        return Plain($"{(int)status} {(text.Length > 0 ? text : status.ToString())}");
    }

    /// <summary>Why there was no answer: for TLS, what is wrong with the certificate.</summary>
    public static string Describe(Exception fault)
    {
        var cause = fault;
        while (cause.InnerException is { } inner)
            cause = inner;
        return Plain(cause == fault || fault.Message.Contains(cause.Message, StringComparison.Ordinal) ? fault.Message : cause is System.Security.Authentication.AuthenticationException
            ? cause.Message
            : $"{fault.Message} ({cause.Message})");
    }

    /// <summary>The hub's clock, as the body of a 401 carries it; null where it says nothing that can be one.</summary>
    public static DateTimeOffset? HubTime(string body) =>
        TryParse(body) is { } problem && WireTime.TryParse(Text(problem, "hub_time"), out var time) && Execution.HubClock.IsPlausible(time) ? time : null;

    private static string Plain(string text)
    {
        var plain = new StringBuilder();
        foreach (var c in text.AsSpan(0, Math.Min(text.Length, MaxChars)))
            plain.Append(char.IsControl(c) ? ' ' : c);
        return plain.ToString();
    }

    private static string? Errors(JsonElement problem) =>
        problem.TryGetProperty("errors", out var errors) && errors.ValueKind == JsonValueKind.Object ? errors.GetRawText() : null;

    private static string? Text(JsonElement problem, string name) =>
        problem.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static JsonElement? TryParse(string body)
    {
        try
        {
            var json = JsonElement.Parse(body);
            return json.ValueKind == JsonValueKind.Object ? json : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
