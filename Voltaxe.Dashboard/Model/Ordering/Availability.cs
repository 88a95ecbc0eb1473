using System.Globalization;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Model.Looks;

namespace Voltaxe.Dashboard.Model.Ordering;

/// <summary>Whether an action can be asked for now, and if not, the reason that the disabled button gives.</summary>
public sealed record Availability(string? Why)
{
    public static Availability Yes { get; } = new((string?)null);

    public bool Enabled => Why is null;

    /// <param name="open">The commands of this host that have not ended.</param>
    public static Availability Of(ActionKind kind, AgentView agent, IReadOnlyList<CommandView> open, Rights rights)
    {
        if (!rights.May(kind))
            return new(rights.Refusal);
        if (!Offers(agent, kind))
            return new($"The agent on this host does not offer {ActionWords.Of(kind).Command}.");
        if (kind is not (ActionKind.Isolate or ActionKind.Restore))
            return Yes;
        if (open.Where(c => CommandNames.IsNetwork(c.Command)).MaxBy(c => c.Id) is { } pending)
            return new(string.Create(CultureInfo.InvariantCulture,
                $"{ActionWords.Say(pending.Command)} #{pending.Id} is still open ({StatusLook.Of(pending.Status).Word.ToLowerInvariant()}). Cancel it, or wait for its end."));
        return agent.Containment switch
        {
            Containment.Isolating => new("An isolation is under way."),
            Containment.Restoring => new("A restore is under way."),
            _ => Yes,
        };
    }

    /// <summary>Whether a copy of this evidence can be taken.</summary>
    public static Availability OfDownload(EvidenceView evidence, Rights rights) =>
        !rights.CanReadEvidence ? new(rights == Rights.None ? rights.Refusal : $"Your role ({rights.Role}) may not take copies of evidence.")
        : !evidence.Complete ? new("Not all of it is here yet, so nothing was checked.")
        : Yes;

    /// <summary>Isolate or Restore, whichever makes sense for what the host reports; both where nobody knows.</summary>
    public static IReadOnlyList<ActionKind> NetworkChoices(AgentView agent) => agent.Containment switch
    {
        Containment.Isolated or Containment.Restoring => [ActionKind.Restore],
        Containment.Unknown => [ActionKind.Isolate, ActionKind.Restore],
        _ => [ActionKind.Isolate],
    };

    /// <summary>An agent that has not spoken yet, or speaks the old way, has told no capabilities: it gets the benefit of the doubt.</summary>
    private static bool Offers(AgentView agent, ActionKind kind) =>
        agent.Capabilities.Contains(ActionWords.Of(kind).Command)
        || (agent.Capabilities.Count == 0 && (agent.Legacy || agent.Presence == Presence.Never));
}
