using System.Text.Json;
using System.Text.Json.Serialization;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Json;

namespace Voltaxe.Contracts.Wire;

/// <summary>Everything an agent says, over whichever channel it has (protocol, section 3). Missing, null and empty are the same.</summary>
public sealed record SyncRequest
{
    /// <summary>The random id that the agent made with its journal.</summary>
    public required string Epoch { get; init; }
    /// <summary>A random id of this start of the agent's process.</summary>
    public required string Instance { get; init; }
    /// <summary>The count of this instance's syncs, from 1.</summary>
    public required long N { get; init; }
    /// <summary>How many fsynced records the journal has had.</summary>
    public required long Position { get; init; }
    /// <summary>The highest seq of any verified envelope; 0 in a new journal. At or above 2⁵² it is refused.</summary>
    public long HighestSeq { get; init; }
    public AgentInfo? Info { get; init; }
    public Observed? Observed { get; init; }
    /// <summary>Journal entries that the hub has not recorded.</summary>
    public IReadOnlyList<HoldingEntry> Holding { get; init => field = value ?? []; } = [];
    public IReadOnlyList<ReceivedEntry> Received { get; init => field = value ?? []; } = [];
    public IReadOnlyList<ResultReport> Results { get; init => field = value ?? []; } = [];
    public IReadOnlyList<AgentEvent> Events { get; init => field = value ?? []; } = [];
    public IReadOnlyList<AskAnswer> Answers { get; init => field = value ?? []; } = [];
    /// <summary>HTTP only, 0 to 30: hold the request until there is something to say.</summary>
    public int WaitSeconds { get; init; }
}

/// <summary>The hub's answer to a sync. The hub always sends every array; agents accept their absence.</summary>
public sealed record SyncReply
{
    public required DateTimeOffset HubTime { get; init; }
    public IReadOnlyList<Envelope> Commands { get; init => field = value ?? []; } = [];
    /// <summary>Uids of results and ids of events that are now durable at the hub.</summary>
    public IReadOnlyList<string> Recorded { get; init => field = value ?? []; } = [];
    public IReadOnlyList<CancelOrder> Cancel { get; init => field = value ?? []; } = [];
    public IReadOnlyList<DropNotice> Drop { get; init => field = value ?? []; } = [];
    public IReadOnlyList<Ask> Asks { get; init => field = value ?? []; } = [];
    public IReadOnlyList<KeyAnnouncement> Keys { get; init => field = value ?? []; } = [];
    public int NextPollSeconds { get; init; }
}

/// <summary>What the agent is and can. A host name other than the enrolled one never renames; it raises an alert.</summary>
public sealed record AgentInfo
{
    public string? Hostname { get; init; }
    public string? Os { get; init; }
    public string? Version { get; init; }
    public IReadOnlyList<string> Capabilities { get; init => field = value ?? []; } = [];
}

/// <summary>What is true on the host now.</summary>
/// <param name="Isolated">Whether our rules stand.</param>
/// <param name="Since">Since when.</param>
/// <param name="VerifiedAt">When the agent last saw the block work and the hub still answer.</param>
/// <param name="Rules">Whether the rules are as they were applied.</param>
public sealed record Observed(bool Isolated, DateTimeOffset? Since, DateTimeOffset? VerifiedAt, RulesState Rules);

[JsonConverter(typeof(SnakeCaseEnum<RulesState>))]
public enum RulesState { None, Intact, Missing, Tampered }

/// <summary>A journal entry that the hub has not recorded.</summary>
public sealed record HoldingEntry(Guid Uid, int Attempt, HoldingState State);

[JsonConverter(typeof(SnakeCaseEnum<HoldingState>))]
public enum HoldingState { Received, Started, Finished }

/// <summary>An envelope that is now in the agent's journal.</summary>
public sealed record ReceivedEntry(Guid Uid, int Attempt);

/// <summary>How a command ended, as the agent saw it. Sent again until <see cref="SyncReply.Recorded"/> lists the uid.</summary>
/// <param name="Data">At most 256 KiB of JSON; bigger things are evidence.</param>
/// <param name="StartedAt">Hub time as the agent reckons it; null when nothing started.</param>
/// <param name="FinishedAt">Hub time as the agent reckons it.</param>
/// <param name="Verified">Whether the effect was proven on the host; null where the question does not arise.</param>
public sealed record ResultReport(
    Guid Uid, int Attempt, Outcome Outcome, string? Message, JsonElement? Data,
    DateTimeOffset? StartedAt, DateTimeOffset? FinishedAt, bool? Verified)
{
    /// <summary>How large <see cref="Data"/> may be, in bytes of JSON text.</summary>
    public const int MaxDataBytes = 256 * 1024;
}

/// <summary>How a command can end on the agent.</summary>
[JsonConverter(typeof(SnakeCaseEnum<Outcome>))]
public enum Outcome { Executed, Failed, Rejected, Cancelled, Expired, Superseded, Unknown }

/// <summary>The hub asks the agent to end a command that has not started. Only for commands handed out to <see cref="Epoch"/>.</summary>
public sealed record CancelOrder(Guid Uid, string Epoch, CancelWhy Why);

[JsonConverter(typeof(SnakeCaseEnum<CancelWhy>))]
public enum CancelWhy { Cancelled, Expired, Superseded }

/// <summary>Stop sending this result; the journal entry stays.</summary>
public sealed record DropNotice(Guid Uid, DropWhy Why);

[JsonConverter(typeof(SnakeCaseEnum<DropWhy>))]
public enum DropWhy { Conflict, UnknownUid }

/// <summary>What happened without a command. Acknowledged in <see cref="SyncReply.Recorded"/> by <see cref="EventId"/>.</summary>
/// <param name="EventId">Made by the agent, unique for ever; at most 64 characters.</param>
/// <param name="Kind"><c>isolation_tampered</c>, <c>timed_restore</c>, <c>progress</c>, <c>crashed</c>, <c>journal_lost</c>, …</param>
public sealed record AgentEvent(string EventId, string Kind, DateTimeOffset At, Guid? Uid, JsonElement? Data);

/// <summary>A small read-only question. Never durable, never an effect, good for 30 s.</summary>
public sealed record Ask(string AskId, string What, JsonElement? Params);

/// <summary>The answer to an <see cref="Ask"/>.</summary>
public sealed record AskAnswer(string AskId, JsonElement? Data);

/// <summary>A new command key, signed by one that the agent has pinned: <c>key_id|public_key|not_before</c> exactly as sent.</summary>
public sealed record KeyAnnouncement(string KeyId, string PublicKey, string NotBefore, string SignedBy, string Signature);
