using System.Text.Json;
using Voltaxe.Contracts.Operators;

namespace Voltaxe.Contracts.Wire;

/// <summary>200 of <c>GET /command/poll?host=H</c>; with <c>hostname=H</c> the bare array.</summary>
public sealed record SeedPollReply(IReadOnlyList<SeedCommand> Commands);

/// <summary>A command as the seed's Sentinels read it. <c>params</c> also carries <c>hostname, initiated_by, reason, timestamp</c>.</summary>
public sealed record SeedCommand(long Id, string Command, JsonElement Params, int Priority, DateTimeOffset CreatedAt);

/// <summary><c>POST /command/result</c>.</summary>
public sealed record SeedResult(long? CommandId, bool? Success, string? Message, JsonElement? Data);

/// <summary>200 of <c>POST /command/result</c>.</summary>
public sealed record SeedResultReply(string Status, CommandView Command);

/// <summary>Any refusal in the seed's words.</summary>
public sealed record SeedError(string Error);

/// <summary><c>POST /api/isolate</c> and <c>/api/restore</c>. <c>username</c> is read and ignored: who acts comes from the credential.</summary>
public sealed record SeedContain(string? Hostname, string? Username, string? Reason);

/// <summary>The answer: <c>isolated</c>, <c>restored</c>, <c>queued</c>, <c>awaiting_approval</c> or the state that it ended in.</summary>
/// <param name="Status">What is known of it.</param>
/// <param name="Method"><c>push</c> or <c>polling</c>.</param>
/// <param name="CommandId">The command's number.</param>
public sealed record SeedContainReply(string Status, string Method, long CommandId);

/// <summary>One host of <c>GET /telemetry</c>: null before its first word.</summary>
public sealed record SeedTelemetry(string Hostname, bool? Isolated, string Status, DateTimeOffset? LastSeen, string AgentId, bool Legacy);

/// <summary>200 of <c>POST /telemetry</c>.</summary>
public sealed record SeedStatus(string Status);
