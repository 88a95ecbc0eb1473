using System.Security.Cryptography;
using System.Text.Json;
using Voltaxe.Agent.Enrolment;
using Voltaxe.Agent.Execution.Journalling;
using Voltaxe.Agent.Execution.Ledgers;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Crypto;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Execution;

/// <summary>
/// Decides whether an envelope may run: signed by a pinned key, meant for this agent and hub, the same uid and id inside as outside,
/// parameters in order, and something that this host can and may do.
/// </summary>
/// <param name="whyNot">Why this host refuses a verified command, or null.</param>
public sealed class EnvelopeVerifier(PinnedKeys keys, string hubId, string agentId, Func<AcceptedCommand, string?> whyNot)
{
    private const int MaxPayloadChars = 64 * 1024;

    public Verdict Verify(Envelope envelope)
    {
        if (envelope.Payload is null or { Length: > MaxPayloadChars } || !Base64UrlText.TryDecode(envelope.Payload, out var bytes))
            return Verdict.Untrusted("the payload is not base64url of at most 48 KiB");
        if (keys.Find(envelope.KeyId) is not { } key)
            return Verdict.Untrusted("signed with a key that this agent has not pinned");
        if (!Holds(key, bytes, envelope.Signature))
            return Verdict.Untrusted("the signature does not hold");
        CommandPayload? payload;
        try
        {
            payload = JsonSerializer.Deserialize(bytes, WireJson.Default.CommandPayload);
        }
        catch (JsonException)
        {
            return Verdict.Untrusted("the payload is not a command of version 1");
        }
        if (payload is not { V: 1, Command: not null } || payload.Uid != envelope.Uid || payload.Id != envelope.Id)
            return Verdict.Untrusted("the payload is another command than the envelope says");
        if (payload.HubId != hubId || payload.AgentId != agentId)
            return Verdict.Untrusted("the payload is meant for another agent or hub");
        if (payload.Seq is <= 0 or >= AgentRoutes.SeqLimit)
            return Verdict.Untrusted("the payload's seq is out of range");
        return Judge(new AcceptedCommand(payload.Id, payload.Seq, payload.Command,
            payload.Params.ValueKind == JsonValueKind.Undefined ? WireJson.EmptyObject : payload.Params,
            payload.Reason ?? "", payload.IssuedBy ?? "", payload.ExpiresAt));
    }

    private Verdict Judge(AcceptedCommand command)
    {
        if (!CommandNames.All.Contains(command.Command))
            return Verdict.Refuse(command, "this agent does not know this command");
        var faults = CommandParams.Check(command.Command, command.Params);
        if (faults.Count > 0)
            return Verdict.Refuse(command, "invalid parameters: " + string.Join("; ", faults.Select(f => $"{f.Key} {string.Join(", ", f.Value)}")));
        return whyNot(command) is { } why ? Verdict.Refuse(command, why) : Verdict.Accept(command);
    }

    private static bool Holds(ECDsa key, byte[] bytes, string signature)
    {
        try
        {
            return P256.Verify(key, bytes, signature);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
