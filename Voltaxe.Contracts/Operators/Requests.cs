using System.Text.Json;

namespace Voltaxe.Contracts.Operators;

/// <summary><c>POST /api/v1/commands</c>: one order for 1 to 500 hosts, all or nothing.</summary>
public sealed record NewCommands
{
    public string? Command { get; init; }
    /// <summary>Host names (any case) or agent ids; exactly one of this and <see cref="Tags"/>.</summary>
    public IReadOnlyList<string>? Hosts { get; init; }
    public IReadOnlyList<string>? Tags { get; init; }
    public JsonElement? Params { get; init; }
    /// <summary>5 to 500 characters after trimming.</summary>
    public string? Reason { get; init; }
    /// <summary>At most 100 characters.</summary>
    public string? Ticket { get; init; }
    /// <summary>0 to 10; null means the command's own: isolate 10, kill 8, restore 5, collect 3.</summary>
    public int? Priority { get; init; }
    /// <summary>At most 90 days ahead.</summary>
    public DateTimeOffset? NotBefore { get; init; }
    /// <summary>30 to 2,592,000, counted from due.</summary>
    public int? ExpiresInSeconds { get; init; }
}

/// <summary>202 of <see cref="NewCommands"/>. <c>batch_id</c> is null for a single command.</summary>
public sealed record QueuedCommands(string? BatchId, IReadOnlyList<CommandView> Commands);

/// <summary>The body of cancel, approve and deny: why, 5 to 500 characters after trimming.</summary>
public sealed record ReasonBody(string? Reason);

/// <summary><c>POST /api/v1/agents</c>: a legacy agent, which keeps no journal.</summary>
public sealed record NewAgent(string? Hostname, bool? Legacy);

/// <summary>The static token of a legacy agent, shown once.</summary>
public sealed record NewAgentReply(string AgentId, string Token);

/// <summary><c>POST /api/v1/enrollment-tokens</c>: uses 1 to 1000 (1), life in seconds (86,400).</summary>
public sealed record NewEnrolmentToken(int? Uses, int? ExpiresInSeconds, IReadOnlyList<string>? Tags);

/// <summary>The enrolment token, shown once.</summary>
public sealed record NewEnrolmentTokenReply(string Token, DateTimeOffset ExpiresAt);

/// <summary><c>POST /api/v1/agents/{id}/release-code</c>: why, 5 to 500 characters after trimming, and for how long in seconds (60 up to what the hub allows, which is the default).</summary>
public sealed record NewReleaseCode(string? Reason, int? ExpiresInSeconds);

/// <summary>A code that ends an isolation on the host without the hub, shown once.</summary>
/// <param name="Code">For <c>Voltaxe.Agent release --code</c>.</param>
/// <param name="CommandId">The isolate that it is bound to.</param>
public sealed record ReleaseCodeReply(string Code, DateTimeOffset ExpiresAt, long CommandId);

/// <summary>An RFC 9457 problem. <c>type</c> is <c>urn:voltaxe:problem:&lt;slug&gt;</c>.</summary>
public sealed record ProblemView
{
    public string? Type { get; init; }
    public string? Title { get; init; }
    public int? Status { get; init; }
    public string? Detail { get; init; }
    /// <summary>What is wrong, by field.</summary>
    public IReadOnlyDictionary<string, string[]>? Errors { get; init; }
    public string? TraceId { get; init; }
    /// <summary>In a 401 of <c>/agent/v1/token</c> only.</summary>
    public DateTimeOffset? HubTime { get; init; }
}
