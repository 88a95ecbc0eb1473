using Voltaxe.Contracts.Operators;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Dashboard.Model.Looks;

/// <summary>Whether a host is cut off, as the host itself observed it, and how sure that is. Says nothing about presence.</summary>
public static class ContainmentLook
{
    /// <summary>Among an agent's capabilities: it only pretends to change its host.</summary>
    public const string DryRunMark = "dry_run";

    public static Look Drift { get; } = new("Drift", Glyph.Alert, Tone.Bad);

    /// <summary>The bare state, for filters. What is shown of a host is <see cref="Of(AgentView)"/>.</summary>
    public static Look Of(Containment containment) => containment switch
    {
        Containment.Normal => new("Normal", Glyph.Shield, Tone.Neutral),
        Containment.Isolating => new("Isolating", Glyph.Arrows, Tone.Info),
        Containment.Isolated => new("Isolated", Glyph.ShieldLock, Tone.Contained),
        Containment.Restoring => new("Restoring", Glyph.Arrows, Tone.Info),
        Containment.Unknown => new("Unknown", Glyph.Question, Tone.Warn),
        _ => throw new ArgumentOutOfRangeException(nameof(containment), containment, "not a containment"),
    };

    /// <summary>"Isolated" alone is said only of a host that proved it: of a dry run, a legacy agent or a missing proof, the word itself says so.</summary>
    public static Look Of(AgentView agent)
    {
        var look = Of(agent.Containment);
        return agent switch
        {
            _ when IsDryRun(agent) => new($"Dry run: {look.Word.ToLowerInvariant()}", Glyph.Ring, Tone.Neutral),
            { Containment: not Containment.Isolated } => look,
            { Legacy: true } => new("Reported isolated, not proven", Glyph.Shield, Tone.Warn),
            _ when ProvenAt(agent) is null => new("Isolated, not proven", Glyph.Shield, Tone.Warn),
            _ => look,
        };
    }

    public static bool IsDryRun(AgentView agent) => agent.Capabilities.Contains(DryRunMark);

    /// <summary>When the agent last saw the block work and the hub still answer; null where no proof stands: none came, or the rules are not as it saw them.</summary>
    public static DateTimeOffset? ProvenAt(AgentView agent) =>
        agent is { Legacy: false, Observed: { Isolated: true, Rules: RulesState.Intact } seen } && !IsDryRun(agent) ? seen.VerifiedAt : null;

    /// <summary>What stands behind the word, for those who look closer.</summary>
    public static string? Sentence(AgentView agent) => agent switch
    {
        _ when IsDryRun(agent) => "The agent on this host runs with --dry-run: it only pretends, and nothing is blocked.",
        { Observed: not { Isolated: true } } => null,
        { Legacy: true } => "A legacy agent reports that the host is isolated. It cannot prove it.",
        _ when ProvenAt(agent) is null => "The agent has not proven that the block works and the hub still answers.",
        _ => null,
    };

    /// <summary>What drift means on this host, in a sentence.</summary>
    public static string DriftSentence(AgentView agent) => agent.Observed switch
    {
        { Rules: RulesState.Tampered } => "The isolation rules on the host were changed by somebody else.",
        { Rules: RulesState.Missing } => "The isolation rules are missing on the host.",
        _ when IsDryRun(agent) => "What the agent pretends is not what was last asked.",
        { Isolated: true } => "The host is isolated, but that is not what was last asked.",
        { Isolated: false } => "The host is not isolated, but that is what was last asked.",
        _ => "What the host reports is not what was last asked.",
    };
}
