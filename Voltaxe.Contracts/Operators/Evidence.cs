namespace Voltaxe.Contracts.Operators;

/// <summary>A file that a collection brought in, or brings in. Name and kind are the agent's words.</summary>
public sealed record EvidenceView
{
    /// <summary>Made by the hub; what <c>GET /api/v1/evidence/{id}</c> names.</summary>
    public required string Id { get; init; }
    /// <summary>The number of the command that collected it.</summary>
    public required long CommandId { get; init; }
    public required Guid CommandUid { get; init; }
    public required string AgentId { get; init; }
    public required string Host { get; init; }
    public required string Name { get; init; }
    public required string Kind { get; init; }
    /// <summary>Bytes in all, as the agent announced them.</summary>
    public required long Size { get; init; }
    /// <summary>Bytes that the hub holds for good.</summary>
    public required long Received { get; init; }
    /// <summary>As announced; the hub has found it true once <see cref="Complete"/>.</summary>
    public required string Sha256 { get; init; }
    /// <summary>All bytes are there and have the announced SHA-256. Only then can it be downloaded.</summary>
    public required bool Complete { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    /// <summary>When <see cref="Received"/> last changed.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }
    public DateTimeOffset? CompletedAt { get; init; }
    /// <summary>When the agent began to send another file of the same name. What was complete is kept.</summary>
    public DateTimeOffset? ReplacedAt { get; init; }
}

/// <summary>Which evidence a list shows. Null means any.</summary>
public sealed record EvidenceFilter
{
    /// <summary>A command's number.</summary>
    public long? Command { get; init; }
    /// <summary>A host name (any case) or agent id.</summary>
    public string? Host { get; init; }
}

/// <summary>How far a running command says it is. A picture for those who watch, never a state of the command.</summary>
/// <param name="CommandId">The command's number.</param>
/// <param name="Percent">0 to 100, as the agent reckons it.</param>
/// <param name="Item">What it is at, as <c>processes</c>; the agent's word.</param>
/// <param name="Stage">Null when it said none that is known.</param>
/// <param name="At">Hub time when it was heard.</param>
public sealed record ProgressView(long CommandId, int Percent, string? Item, ProgressStage? Stage, DateTimeOffset At);

/// <summary>Reading on the host, or sending to the hub.</summary>
public enum ProgressStage { Collecting, Uploading }
