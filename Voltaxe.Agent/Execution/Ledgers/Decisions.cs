using Voltaxe.Agent.Execution.Journalling;

namespace Voltaxe.Agent.Execution.Ledgers;

/// <summary>What follows once the records of a <see cref="Decision"/> are durable.</summary>
public enum NextStep
{
    /// <summary>Not for this journal, or nothing to do.</summary>
    Nothing,
    /// <summary>Verify the envelope, then ask <see cref="Ledger.OnVerified"/>.</summary>
    Verify,
    /// <summary>Sync soon: the hub does not know what this journal knows.</summary>
    Tell,
}

/// <summary>Records to append and fsync, and what to do after that. No records: nothing to wait for.</summary>
public sealed record Decision(IReadOnlyList<JournalRecord> Records, NextStep Next)
{
    public static readonly Decision Nothing = new([], NextStep.Nothing);
}

/// <summary>A command whose STARTED is among the records.</summary>
/// <param name="Resumed">It had started before the agent died: look what became of it before doing it.</param>
/// <param name="Pin">What it was about when it first started.</param>
public sealed record StartOrder(Guid Uid, AcceptedCommand Command, bool Resumed, string? Pin = null);

/// <summary>Records to append and fsync, and the actions to begin after that, most urgent first.</summary>
public sealed record StartDecision(IReadOnlyList<JournalRecord> Records, IReadOnlyList<StartOrder> Starts);

/// <summary>What the verifier found out about an envelope.</summary>
/// <param name="Command">The command, when the signature holds and the payload is meant for this agent; else null.</param>
/// <param name="Refusal">Why it must not run here; null when it may.</param>
public sealed record Verdict(AcceptedCommand? Command, string? Refusal)
{
    public static Verdict Accept(AcceptedCommand command) => new(command, null);

    /// <summary>Not verified: nothing that it says counts, not even its seq.</summary>
    public static Verdict Untrusted(string why) => new(null, why);

    /// <summary>Verified, but policy, parameters or this platform forbid it.</summary>
    public static Verdict Refuse(AcceptedCommand command, string why) => new(command, why);
}
