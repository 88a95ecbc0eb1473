namespace Voltaxe.Contracts.Wire;

/// <summary>
/// What a release code says: this agent may end its isolation once, without the hub. Carried by hand, never over the wire. The agent obeys
/// it when a pinned key signed it, hub and agent are its own, one of the isolations is in force, no newer network command came, it was not
/// used before and its time has not passed.
/// </summary>
/// <param name="V">1.</param>
/// <param name="Purpose"><see cref="Release"/>: no other text that the hub signs can be taken for a code, nor a code for it.</param>
/// <param name="KeyId">Which command key signed it.</param>
/// <param name="Isolations">The uid of the isolate in force, as far as the hub knows; more than one where later ones were handed out without a word of their end.</param>
/// <param name="Seq">Its place in the order of intent: network commands of a lower one that come later do not run.</param>
/// <param name="Nonce">Random; a code works once.</param>
public sealed record ReleasePayload(
    int V, string Purpose, string KeyId, string HubId, string AgentId, IReadOnlyList<Guid> Isolations, long Seq, string Nonce, DateTimeOffset IssuedAt, DateTimeOffset ExpiresAt)
{
    public const string Release = "offline_release";
}
