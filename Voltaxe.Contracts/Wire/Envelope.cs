using System.Text.Json;

namespace Voltaxe.Contracts.Wire;

/// <summary>A command on its way to one agent. The signature is over the bytes that <see cref="Payload"/> encodes; nothing is re-serialised to check it.</summary>
/// <param name="Id">The command's number.</param>
/// <param name="Uid">The command's UUIDv7.</param>
/// <param name="Attempt">Which hand-out this is, from 1.</param>
/// <param name="Epoch">The journal epoch that the hub knows the agent by; another epoch's envelope is ignored.</param>
/// <param name="Payload">base64url of the UTF-8 JSON text of a <see cref="CommandPayload"/>.</param>
/// <param name="KeyId">Which command key signed it.</param>
/// <param name="Signature">ECDSA P-256/SHA-256, 64 bytes r‖s, base64url.</param>
public sealed record Envelope(long Id, Guid Uid, int Attempt, string Epoch, string Payload, string KeyId, string Signature);

/// <summary>What is signed. <c>v</c> is 1. Order of the fields is free; unknown ones are ignored.</summary>
public sealed record CommandPayload(
    int V, string HubId, string AgentId, long Id, Guid Uid, long Seq, string Command, JsonElement Params,
    string Reason, string IssuedBy, DateTimeOffset IssuedAt, DateTimeOffset ExpiresAt);
