namespace Voltaxe.Hub.Commands;

/// <summary>The answer that an <c>Idempotency-Key</c> got, kept for 24 h; only 202 answers are.</summary>
public sealed class IdempotentAnswer
{
    public required string Operator { get; init; }
    public required string Key { get; init; }
    /// <summary>base64url SHA-256 of the request's body, byte for byte.</summary>
    public required string BodyHash { get; init; }
    /// <summary>The JSON text that was answered.</summary>
    public string Answer { get; set; } = "";
    public DateTimeOffset CreatedAt { get; init; }
}
