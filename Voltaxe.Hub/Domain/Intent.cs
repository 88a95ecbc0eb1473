using System.Text.Json;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Crypto;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Hub.Domain;

/// <summary>Signs the bytes of a payload: the key's id and the signature.</summary>
public delegate (string KeyId, string Signature) SignPayload(byte[] payload);

/// <summary>The order of intent: what a newer network command does to the older ones of the same agent.</summary>
public static class Intent
{
    /// <summary>
    /// Draws the seq, signs the envelope and, for a network command, overtakes every older one that the agent may still run.
    /// Call under the agent's lock with all of its open commands.
    /// </summary>
    public static void MakeDue(Command command, Agent agent, IEnumerable<Command> open, string hubId, SignPayload sign, DateTimeOffset now)
    {
        var seq = agent.DrawSeq(now);
        var expiresAt = now + TimeSpan.FromSeconds(command.LifetimeSeconds);
        var payload = JsonSerializer.SerializeToUtf8Bytes(
            new CommandPayload(1, hubId, agent.Id, command.Id, command.Uid, seq, command.Name, JsonElement.Parse(command.Params),
                command.Reason, command.CreatedBy, command.CreatedAt, expiresAt),
            WireJson.Default.CommandPayload);
        var (keyId, signature) = sign(payload);
        command.BecomeDue(seq, expiresAt, Base64UrlText.Encode(payload), keyId, signature);
        if (!command.IsNetwork)
            return;
        agent.WantedIsolated = command.Name == CommandNames.NetworkIsolate;
        agent.WantedBy = command.Id;
        foreach (var older in open.Where(o => o.IsNetwork && !o.IsTerminal && o.Seq < seq))
            older.Overtake(command.Id, now);
    }

    /// <summary>A network command that ended without effect asks for nothing any more: what the host is, is then what is wanted.</summary>
    public static void Ended(Command command, Agent agent)
    {
        if (agent.WantedBy == command.Id && command.Status is CommandStatus.Cancelled or CommandStatus.Expired or CommandStatus.Rejected)
            agent.WantedIsolated = agent.Isolated ?? false;
    }

    /// <summary>Creating an isolate replaces every earlier-created restore that is not yet due or awaits approval.</summary>
    public static void Created(Command command, IEnumerable<Command> open, DateTimeOffset now)
    {
        if (command.Name != CommandNames.NetworkIsolate)
            return;
        foreach (var restore in open.Where(o => o.Name == CommandNames.NetworkRestore && o.Id != command.Id && !o.IsTerminal && !o.IsDue))
            restore.Overtake(command.Id, now);
    }
}
