using Microsoft.AspNetCore.Identity;

namespace Voltaxe.Hub.Security;

/// <summary>What an operator may do; each contains the one before, but approver, which is viewer plus approvals.</summary>
public enum Role { Viewer, Responder, Approver, Admin }

/// <summary>A person who signs in at the dashboard.</summary>
public sealed class HubUser : IdentityUser
{
    public Role Role { get; set; }
    /// <summary>HMAC over id, name and role, under a key kept outside the database: a row written by another hand gains nothing.</summary>
    public string RoleSeal { get; set; } = "";
    /// <summary>Keyed hash of a one-time sign-in link, or null.</summary>
    public string? OnceHash { get; set; }
    public DateTimeOffset? OnceExpiresAt { get; set; }
}

/// <summary>
/// A session of a person who signed in at the dashboard. The cookie names it; only while it stands does the cookie mean anything, in every
/// tab and on every node.
/// </summary>
public sealed class OperatorSession
{
    public required string Id { get; init; }
    public required string UserId { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    /// <summary>When the person last did something: a request, or an event in a page.</summary>
    public DateTimeOffset LastSeenAt { get; set; }
    /// <summary>When the person signed out; null: not.</summary>
    public DateTimeOffset? EndedAt { get; set; }
}

/// <summary>A bearer token of an operator: <c>vtx_pat_&lt;id&gt;_&lt;secret&gt;</c>; only a keyed hash is kept.</summary>
public sealed class OperatorToken
{
    public required string Id { get; init; }
    public required string Name { get; init; }
    public Role Role { get; init; }
    /// <summary>HMAC over id, name, role and secret.</summary>
    public required string Hash { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? RevokedAt { get; set; }
}

/// <summary>A token of an agent: an access token (<c>vtx_agt_…</c>) or a legacy agent's static one (<c>vtx_leg_…</c>); only a keyed hash is kept.</summary>
public sealed class AgentToken
{
    /// <summary>HMAC over agent id, expiry and token.</summary>
    public required string Hash { get; init; }
    public required string AgentId { get; init; }
    /// <summary>Null: until the agent is revoked.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}

/// <summary>A token that lets a host enrol; only a keyed hash is kept.</summary>
public sealed class EnrolmentToken
{
    public required string Hash { get; init; }
    public int UsesLeft { get; set; }
    public DateTimeOffset ExpiresAt { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public required string CreatedBy { get; init; }
    /// <summary>A JSON array of words that enrolled agents get.</summary>
    public string Tags { get; init; } = "[]";
}

/// <summary>An enrolment that was answered, so that the same request again gets the same answer without using the token twice.</summary>
public sealed class Enrolment
{
    public required string TokenHash { get; init; }
    public required string AgentId { get; init; }
    public required string HostnameKey { get; init; }
    public DateTimeOffset At { get; init; }
}

/// <summary>The id of an assertion that was used; each counts once.</summary>
public sealed class UsedAssertion
{
    public required string AgentId { get; init; }
    public required string Jti { get; init; }
    public DateTimeOffset ExpiresAt { get; init; }
}
