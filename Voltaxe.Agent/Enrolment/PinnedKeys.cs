using System.Collections.Concurrent;
using System.Security.Cryptography;
using Voltaxe.Contracts.Crypto;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Enrolment;

/// <summary>A command key that this agent trusts, as it is stored.</summary>
/// <param name="NotBefore">Null for the one that enrolment pinned.</param>
public sealed record PinnedKey(string KeyId, string PublicKey, DateTimeOffset? NotBefore);

/// <summary>The command keys that this agent trusts: the one that its enrolment token named, and those that a trusted one has signed since.</summary>
public sealed class PinnedKeys
{
    private readonly ConcurrentDictionary<string, (PinnedKey Stored, ECDsa Key)> byId = new(StringComparer.Ordinal);

    public PinnedKeys(IEnumerable<PinnedKey> stored)
    {
        foreach (var key in stored)
            byId[key.KeyId] = (key, P256.TryImport(key.PublicKey) ?? throw new FormatException($"the pinned key {key.KeyId} is not a P-256 key"));
    }

    public IReadOnlyList<PinnedKey> All => [.. byId.Values.Select(v => v.Stored).OrderBy(k => k.NotBefore ?? DateTimeOffset.MinValue)];

    public ECDsa? Find(string? keyId) => keyId is not null && byId.TryGetValue(keyId, out var found) ? found.Key : null;

    /// <summary>Adds the keys whose announcement a trusted key has signed. True when something is new and must be stored before it counts.</summary>
    public bool Learn(IEnumerable<KeyAnnouncement> announcements, out IReadOnlyList<string> refused)
    {
        var refusals = new List<string>();
        var learned = false;
        foreach (var a in announcements)
        {
            if (byId.ContainsKey(a.KeyId))
                continue;
            var key = P256.TryImport(a.PublicKey);
            if (key is null || P256.Fingerprint(key) != a.KeyId || !WireTime.TryParse(a.NotBefore, out var notBefore)
                || Find(a.SignedBy) is not { } signer || !P256.Verify(signer, P256.KeyAnnouncementText(a.KeyId, a.PublicKey, a.NotBefore), a.Signature))
            {
                refusals.Add(a.KeyId);
                continue;
            }
            byId[a.KeyId] = (new PinnedKey(a.KeyId, a.PublicKey, notBefore), key);
            learned = true;
        }
        refused = refusals;
        return learned;
    }
}
