namespace Voltaxe.Contracts.Wire;

/// <summary><c>POST /agent/v1/enroll</c>. <c>proof</c> is the signature of <c>token|hostname|public_key</c> exactly as sent.</summary>
public sealed record EnrolRequest(string? Token, string? Hostname, string? Os, string? Version, string? PublicKey, string? Proof);

/// <summary>201 of enrolment. Of <c>command_keys</c> the agent pins only the one that matches its token's fingerprint.</summary>
public sealed record EnrolReply(string AgentId, string HubId, IReadOnlyList<CommandKey> CommandKeys, int PollSeconds);

/// <summary>A key that signs commands: its id and base64url DER SPKI.</summary>
public sealed record CommandKey(string KeyId, string PublicKey);

/// <summary><c>POST /agent/v1/token</c>: a JWT signed ES256 by the agent's key.</summary>
public sealed record TokenRequest(string? Assertion);

/// <summary>An opaque <c>vtx_agt_…</c> token and its life in seconds.</summary>
public sealed record TokenReply(string AccessToken, int ExpiresIn);

/// <summary>The JOSE header of an assertion: exactly <c>ES256</c> and <c>JWT</c>.</summary>
public sealed record AssertionHeader(string? Alg, string? Typ);

/// <summary>The claims of an assertion. <c>iat</c> and <c>exp</c> are seconds since 1970; <c>exp</c> lies at most 5 minutes after now.</summary>
public sealed record AssertionClaims(string? Iss, string? Sub, string? Aud, long? Iat, long? Exp, string? Jti);
