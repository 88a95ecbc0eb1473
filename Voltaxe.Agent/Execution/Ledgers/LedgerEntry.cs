using System.Text.Json.Serialization;
using Voltaxe.Agent.Execution.Journalling;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Execution.Ledgers;

/// <summary>How far a uid has come on this host.</summary>
[JsonConverter(typeof(SnakeCaseEnum<EntryState>))]
public enum EntryState { Seen, Received, Started, Finished }

/// <summary>What the journal says about one uid.</summary>
public sealed record LedgerEntry
{
    public required Guid Uid { get; init; }
    /// <summary>The highest attempt that this host has seen.</summary>
    public required int Attempt { get; init; }
    /// <summary>The order in which uids came to this host.</summary>
    public required long Arrival { get; init; }
    public EntryState State { get; init; }
    /// <summary>Null while only seen, and where it ended without being received.</summary>
    public AcceptedCommand? Command { get; init; }
    /// <summary>Being verified or running since the agent's process started. True after a start means: it died there.</summary>
    public bool AtWork { get; init; }
    /// <summary>Crashes between SEEN and RECEIVED.</summary>
    public int SeenCrashes { get; init; }
    /// <summary>Crashes between STARTED and FINISHED.</summary>
    public int StartCrashes { get; init; }
    /// <summary>Hub time of the first start.</summary>
    public DateTimeOffset? StartedAt { get; init; }
    /// <summary>What the action was about when it first started.</summary>
    public string? Pin { get; init; }
    public ResultReport? Result { get; init; }
    /// <summary>A timed isolation that has ended by itself.</summary>
    public bool TimerFired { get; init; }
    public ToldHow Told { get; init; }
    public DateTimeOffset? ToldAt { get; init; }

    /// <summary>The lane of a received command.</summary>
    [JsonIgnore]
    public Lane Lane => CommandNames.LaneOf(Command!.Command);

    /// <summary>The hub has not recorded it yet.</summary>
    [JsonIgnore]
    public bool IsOpen => Told == ToldHow.Not;

    /// <summary>The report to send: the stored result under the highest attempt seen.</summary>
    [JsonIgnore]
    public ResultReport Report => Result! with { Attempt = Attempt };
}
