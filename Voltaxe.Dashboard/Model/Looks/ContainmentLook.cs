using Voltaxe.Contracts.Operators;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Dashboard.Model.Looks;

/// <summary>Whether a host is cut off, as the host itself observed it. Says nothing about presence.</summary>
public static class ContainmentLook
{
    public static Look Drift { get; } = new("Drift", Glyph.Alert, Tone.Bad);

    public static Look Of(Containment containment) => containment switch
    {
        Containment.Normal => new("Normal", Glyph.Shield, Tone.Neutral),
        Containment.Isolating => new("Isolating", Glyph.Arrows, Tone.Info),
        Containment.Isolated => new("Isolated", Glyph.ShieldLock, Tone.Contained),
        Containment.Restoring => new("Restoring", Glyph.Arrows, Tone.Info),
        Containment.Unknown => new("Unknown", Glyph.Question, Tone.Warn),
        _ => throw new ArgumentOutOfRangeException(nameof(containment), containment, "not a containment"),
    };

    /// <summary>What drift means on this host, in a sentence.</summary>
    public static string DriftSentence(AgentView agent) => agent.Observed switch
    {
        { Rules: RulesState.Tampered } => "The isolation rules on the host were changed by somebody else.",
        { Rules: RulesState.Missing } => "The isolation rules are missing on the host.",
        { Isolated: true } => "The host is isolated, but that is not what was last asked.",
        { Isolated: false } => "The host is not isolated, but that is what was last asked.",
        _ => "What the host reports is not what was last asked.",
    };
}
