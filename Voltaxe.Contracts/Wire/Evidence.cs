namespace Voltaxe.Contracts.Wire;

/// <summary><c>POST /agent/v1/evidence</c>: a file that a collection made, before its first byte.</summary>
/// <param name="Uid">The command that collected it.</param>
/// <param name="Name">What the agent calls it; with the uid, what an upload is found again by.</param>
/// <param name="Kind">What it is, as a word: <c>archive</c>, <c>manifest</c>, …</param>
/// <param name="Size">Bytes in all.</param>
/// <param name="Sha256">Of the whole file, 64 lower-case hexadecimal characters.</param>
public sealed record EvidenceOffer(Guid Uid, string Name, string Kind, long Size, string Sha256);

/// <summary>The answer to an <see cref="EvidenceOffer"/>: 201 for a new one, 200 for one that goes on.</summary>
/// <param name="EvidenceId">Made by the hub; what <c>PATCH /agent/v1/evidence/{id}</c> names.</param>
/// <param name="Offset">How many bytes the hub holds for good: the next byte to send.</param>
public sealed record EvidenceTicket(string EvidenceId, long Offset);
