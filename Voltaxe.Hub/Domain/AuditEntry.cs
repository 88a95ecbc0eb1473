namespace Voltaxe.Hub.Domain;

/// <summary>One line of the trail: who did what to which target, and how it ended. Written in the transaction of what it tells of.</summary>
public sealed class AuditEntry
{
    public long Id { get; init; }
    public DateTimeOffset At { get; init; }
    /// <summary><c>operator:ana</c>, <c>agent:a-…</c>, <c>hub</c> or <c>anonymous</c>.</summary>
    public required string Actor { get; init; }
    /// <summary>Snake_case verb phrase, as <c>command_queued</c>; alarms start with <c>alert_</c>.</summary>
    public required string Action { get; init; }
    /// <summary><c>command:17</c>, <c>agent:a-…</c>, <c>token:name</c>, a route.</summary>
    public required string Target { get; init; }
    /// <summary><c>done</c>, <c>refused</c>, or a state's word.</summary>
    public required string Outcome { get; init; }
    /// <summary>More, as a JSON object; may hold hostile text.</summary>
    public string? Detail { get; init; }
    public string? Address { get; init; }
    /// <summary>What makes it unique where the same thing may be told twice: <c>agent id/event id</c>.</summary>
    public string? Once { get; init; }
}
