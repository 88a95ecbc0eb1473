using System.Text.Json;
using Voltaxe.Agent.Enrolment;
using Voltaxe.Agent.Execution.Ledgers;
using Voltaxe.Contracts.Crypto;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Execution;

/// <summary>Decides whether a release code is one of this hub's for this agent. Whether it may still be used is the ledger's to say.</summary>
public sealed class ReleaseVerifier(PinnedKeys keys, string hubId, string agentId)
{
    /// <summary>It becomes part of an event's id, which has at most 64.</summary>
    private const int MaxNonceChars = 40;

    /// <summary>What it asks for, or why it is refused.</summary>
    public (ReleaseOrder? Order, string? Refusal) Verify(string code)
    {
        if (!ReleaseCodes.TryRead(code, out var bytes, out var signature) || Read(bytes) is not { } payload)
            return (null, "this is no release code: it must be the whole text from vtx_rel_ on, as the hub printed it");
        if (keys.Find(payload.KeyId) is not { } key || !P256.Verify(key, bytes, signature))
            return (null, "this code is not signed by the hub of this agent, or it was changed on the way");
        if (payload.HubId != hubId)
            return (null, "this code was made by another hub");
        if (payload.AgentId != agentId)
            return (null, $"this code is for another agent ({payload.AgentId}); this one is {agentId}");
        return (new ReleaseOrder(payload.Nonce, payload.Seq, payload.Isolations, payload.ExpiresAt), null);
    }

    private static ReleasePayload? Read(byte[] bytes)
    {
        try
        {
            return JsonSerializer.Deserialize(bytes, WireJson.Default.ReleasePayload) is
            {
                V: 1,
                Purpose: ReleasePayload.Release,
                Nonce: { Length: > 0 and <= MaxNonceChars },
                Isolations.Count: > 0,
                Seq: > 0 and < AgentRoutes.SeqLimit,
            } payload && payload.Nonce.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') ? payload : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
