using System.Text.Json;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Execution.Ledgers;

/// <summary>What the journal says about the isolation of the host.</summary>
public enum JournalledIsolation
{
    /// <summary>Nothing: no network command has ended, or nobody knows how the last one did, or one is under way.</summary>
    Silent,
    /// <summary>The host is not isolated: it was restored by a command, at a deadline, or with a release code.</summary>
    Restored,
    /// <summary>The host is isolated.</summary>
    Isolated,
}

public sealed partial record Ledger
{
    /// <summary>The network command that had the last effect on the host; null when none had one. What a dry run did is no effect.</summary>
    public LedgerEntry? LastNetworkEffect => Entries.Values
        .Where(e => e is { State: EntryState.Finished, Result.Outcome: Outcome.Executed or Outcome.Unknown, Command: { } c } && CommandNames.IsNetwork(c.Command))
        .Where(e => !(e.Result!.Data is { ValueKind: JsonValueKind.Object } data && data.TryGetProperty("dry_run", out var dry) && dry.ValueKind == JsonValueKind.True))
        .MaxBy(e => e.Command!.Seq);

    /// <summary>Whether the host should be isolated, by what the journal says.</summary>
    public JournalledIsolation Isolation
    {
        get
        {
            if (LastNetworkEffect is not { } last || last.Result!.Outcome == Outcome.Unknown || Open.Any(e => e is { State: EntryState.Started, Lane: Lane.Network }))
                return JournalledIsolation.Silent;
            return last.Command!.Command == CommandNames.NetworkRestore || last.TimerFired || Codes.Values.Any(t => t.Done && t.Code.Seq > last.Command.Seq)
                ? JournalledIsolation.Restored
                : JournalledIsolation.Isolated;
        }
    }
}
