using System.Text.Json;
using System.Text.Json.Serialization;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Contracts.Operators;

/// <summary>A command as operators see it, on the API and on the screen. Everything an agent said in it is hostile text.</summary>
public sealed record CommandView
{
    public required long Id { get; init; }
    public required Guid Uid { get; init; }
    public required string Host { get; init; }
    public required string AgentId { get; init; }
    public required string Command { get; init; }
    public required JsonElement Params { get; init; }
    public required string Reason { get; init; }
    public string? Ticket { get; init; }
    public required CommandStatus Status { get; init; }
    public required int Priority { get; init; }
    /// <summary>How often it was handed out.</summary>
    public required int Attempt { get; init; }
    /// <summary>Of the latest hand-out: <c>push</c>, <c>poll</c> or null.</summary>
    public Channel? Channel { get; init; }
    public required string CreatedBy { get; init; }
    public string? ApprovedBy { get; init; }
    public string? BatchId { get; init; }
    /// <summary>The number of the command that replaced it.</summary>
    public long? SupersededBy { get; init; }
    public UnknownWhy? UnknownWhy { get; init; }
    public DateTimeOffset? NotBefore { get; init; }
    public DateTimeOffset? ExpiresAt { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? ApprovedAt { get; init; }
    public DateTimeOffset? DeliveredAt { get; init; }
    public DateTimeOffset? ReceivedAt { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? ExecutedAt { get; init; }
    public DateTimeOffset? VerifiedAt { get; init; }
    public DateTimeOffset? FinishedAt { get; init; }
    public DateTimeOffset? CancelRequestedAt { get; init; }
    public CommandResultView? Result { get; init; }
}

/// <summary>What came back, in the seed's shape.</summary>
public sealed record CommandResultView(bool Success, string? Message, JsonElement? Data);

[JsonConverter(typeof(SnakeCaseEnum<Channel>))]
public enum Channel { Push, Poll }

/// <summary>An agent as operators see it. Two facts, never one: <see cref="Presence"/> and <see cref="Containment"/>.</summary>
public sealed record AgentView
{
    public required string Id { get; init; }
    public required string Host { get; init; }
    public string? Os { get; init; }
    public string? Version { get; init; }
    public required bool Legacy { get; init; }
    public required Presence Presence { get; init; }
    public DateTimeOffset? LastSeen { get; init; }
    public required Containment Containment { get; init; }
    /// <summary>What is observed is not what was last asked.</summary>
    public required bool Drift { get; init; }
    /// <summary>Since when (hub time), as long as there is drift. For the dashboard; not on the API.</summary>
    [JsonIgnore]
    public DateTimeOffset? DriftSince { get; init; }
    public Observed? Observed { get; init; }
    /// <summary>How far the host's own clock is ahead of hub time, where that is worth a word. For the dashboard; not on the API.</summary>
    [JsonIgnore]
    public TimeSpan? ClockSkew { get; init; }
    public IReadOnlyList<string> Capabilities { get; init => field = value ?? []; } = [];
    public IReadOnlyList<string> Tags { get; init => field = value ?? []; } = [];
    public required int OpenCommands { get; init; }
    /// <summary>Why the host cannot do all that it should, or null: <c>journal_unwritable</c>, <c>clone_suspected</c>, …</summary>
    public string? Degraded { get; init; }
}

/// <summary>Live: a socket with a sync in the last 45 s. Polling: within 3 intervals. Stale: within 15 min.</summary>
[JsonConverter(typeof(SnakeCaseEnum<Presence>))]
public enum Presence { Live, Polling, Stale, Offline, Never }

/// <summary>Follows what the host observed, not what was asked.</summary>
[JsonConverter(typeof(SnakeCaseEnum<Containment>))]
public enum Containment { Normal, Isolating, Isolated, Restoring, Unknown }

/// <summary>One page of a list, newest first; <c>next</c> is opaque, null at the end.</summary>
public sealed record Page<T>(IReadOnlyList<T> Items, string? Next);
