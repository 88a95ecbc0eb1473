using Voltaxe.Agent.Execution.Journalling;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Execution.Ledgers;

/// <summary>When an isolation ends by itself.</summary>
/// <param name="At">Hub time.</param>
public sealed record Deadline(Guid Uid, AcceptedCommand Command, DateTimeOffset At);

public sealed partial record Ledger
{
    /// <summary>
    /// The deadline that counts, or null. It is nothing but what is journalled anyway: how long, in RECEIVED, and since when, in the first
    /// STARTED. Only the newest network command has one: whatever came after it, with or without effect, is what was asked last.
    /// </summary>
    public Deadline? Deadline => MarkUid is { } uid && Find(uid) is { State: EntryState.Finished } ? Ahead : null;

    /// <summary>The same, and already while the isolation is being carried out: what people are told before anybody knows how it goes.</summary>
    public Deadline? Ahead => MarkUid is { } uid
        && Find(uid) is
        {
            State: EntryState.Started or EntryState.Finished,
            Result: null or { Outcome: Outcome.Executed or Outcome.Unknown },
            TimerFired: false,
            StartedAt: { } began,
            Command: { Command: CommandNames.NetworkIsolate } command,
        }
        && CommandParams.ReadIsolate(command.Params).DurationSeconds is { } seconds
            ? new Deadline(uid, command, began.AddSeconds(seconds))
            : null;

    /// <summary>The host has been restored because the isolation's time was over.</summary>
    public Decision OnTimerFired(Guid uid, ResultReport restored, DateTimeOffset at) =>
        new([new TimerFired(uid), new EventRaised(new AgentEvent($"timed-restore-{uid:N}", "timed_restore", at, uid, restored.Data))], NextStep.Tell);
}
