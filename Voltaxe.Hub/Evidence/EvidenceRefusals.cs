using Voltaxe.Contracts.Json;
using Voltaxe.Hub.Domain;
using Voltaxe.Hub.Pipeline;

namespace Voltaxe.Hub.Evidence;

/// <summary>Why evidence is not taken, or not given.</summary>
internal static class EvidenceRefusals
{
    public static Refusal Revoked { get; } = Refusal.Unauthenticated("This agent was revoked.");

    public static Refusal Unknown { get; } = Refusal.NotFound("There is no such evidence.");

    public static Refusal Full { get; } = new(507, "vault_full", "The hub has no room left for evidence. Nothing was taken; try again later.");

    public static Refusal Busy { get; } = new(503, "upload_busy", "Another upload of this evidence is still under way; try again.");

    public static Refusal Broken { get; } = new(503, "vault_unavailable", "The folder of the evidence cannot be read or written. Nothing was changed; try again.");

    /// <summary>Null when this agent may send evidence for this command now. Another agent's command is as unknown to it as none.</summary>
    public static Refusal? Of(Command? command, string agentId) => command switch
    {
        null => Refusal.NotFound("There is no such command.", "uid"),
        _ when command.AgentId != agentId => Refusal.NotFound("There is no such command.", "uid"),
        _ when EvidenceFile.IsTakenFor(command) => null,
        { Name: not Contracts.Commands.CommandNames.CollectForensics } => Refusal.Conflict("not_a_collection", "Only a collection has evidence."),
        { IsTerminal: true } => Refusal.Conflict("already_ended", $"The command has ended: {Words.Of(command.Status)}. Evidence comes before the result."),
        _ => Refusal.Conflict("not_delivered", "The command was not handed out."),
    };
}
