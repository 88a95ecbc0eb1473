using System.Text.Json;
using System.Text.Json.Serialization;
using Voltaxe.Agent.Execution.Ledgers;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Execution.Journalling;

/// <summary>One line of the agent's journal. A <see cref="Ledger"/> is what all of them together say.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "k")]
[JsonDerivedType(typeof(Opened), "opened")]
[JsonDerivedType(typeof(Restated), "restated")]
[JsonDerivedType(typeof(Seen), "seen")]
[JsonDerivedType(typeof(Received), "received")]
[JsonDerivedType(typeof(Started), "started")]
[JsonDerivedType(typeof(Paused), "paused")]
[JsonDerivedType(typeof(CrashCounted), "crash_counted")]
[JsonDerivedType(typeof(Finished), "finished")]
[JsonDerivedType(typeof(Told), "told")]
[JsonDerivedType(typeof(ClockSet), "clock_set")]
[JsonDerivedType(typeof(EventRaised), "event_raised")]
[JsonDerivedType(typeof(EventTold), "event_told")]
[JsonDerivedType(typeof(TimerFired), "timer_fired")]
[JsonDerivedType(typeof(CodeUsed), "code_used")]
[JsonDerivedType(typeof(CodeDone), "code_done")]
public abstract record JournalRecord;

/// <summary>The head of a journal file: the epoch, and what compaction carried over from the file before.</summary>
public sealed record Opened(string Epoch, long Mark, Guid? MarkUid, long HighestSeq, long NextArrival) : JournalRecord;

/// <summary>A whole entry, as compaction writes it.</summary>
public sealed record Restated(LedgerEntry Entry) : JournalRecord;

/// <summary>An envelope of this uid came, and is about to be looked at. On a finished entry: its result is to be told again.</summary>
public sealed record Seen(Guid Uid, int Attempt) : JournalRecord;

/// <summary>The envelope is verified, allowed and valid: the command is ours to run. Raises the marks.</summary>
public sealed record Received(Guid Uid, int Attempt, AcceptedCommand Command) : JournalRecord;

/// <summary>The action begins, or begins again after a crash.</summary>
/// <param name="Pin">What the action found that it is about, such as the start of the process to end; null where there is nothing to pin.</param>
public sealed record Started(Guid Uid, DateTimeOffset? At, string? Pin = null) : JournalRecord;

/// <summary>The agent stopped in an orderly way while this was under way: not a crash.</summary>
public sealed record Paused(Guid Uid) : JournalRecord;

/// <summary>The agent died while this was being looked at, or was running.</summary>
public sealed record CrashCounted(Guid Uid) : JournalRecord;

/// <summary>How it ended. Nothing of this uid runs after this.</summary>
/// <param name="Seq">The seq of a verified envelope that ended without <see cref="Received"/>; else 0.</param>
/// <param name="RaisesMark">That envelope was an allowed network command.</param>
public sealed record Finished(Guid Uid, int Attempt, ResultReport Result, long Seq = 0, bool RaisesMark = false) : JournalRecord;

/// <summary>The hub needs this result no more.</summary>
/// <param name="How">Recorded, or dropped and why.</param>
/// <param name="At">Hub time, from which the 35 days are counted.</param>
public sealed record Told(Guid Uid, ToldHow How, DateTimeOffset? At) : JournalRecord;

/// <summary>Hub time, pinned to a boot of this machine, so that a restarted agent need not ask before it can judge expiry.</summary>
/// <param name="UptimeTicks">The clock that runs through suspend, in 100 ns.</param>
public sealed record ClockSet(DateTimeOffset HubTime, string BootId, long UptimeTicks) : JournalRecord;

/// <summary>Something happened without a command, to be told until the hub has it.</summary>
public sealed record EventRaised(AgentEvent Event) : JournalRecord;

/// <summary>The hub has the event.</summary>
public sealed record EventTold(string EventId) : JournalRecord;

/// <summary>This isolation's time was over, and the host has been restored. It does not happen again.</summary>
public sealed record TimerFired(Guid Uid) : JournalRecord;

/// <summary>A release code was taken: it works no second time, and the restore that follows is owed from here on.</summary>
/// <param name="Uid">Whose isolation it ends.</param>
/// <param name="Seq">The code's place in the order of intent.</param>
public sealed record CodeUsed(string Nonce, Guid Uid, long Seq, DateTimeOffset ExpiresAt) : JournalRecord;

/// <summary>The host has been restored by this code. It does not happen again.</summary>
public sealed record CodeDone(string Nonce) : JournalRecord;

/// <summary>The hub's last word about a result.</summary>
[JsonConverter(typeof(SnakeCaseEnum<ToldHow>))]
public enum ToldHow { Not, Recorded, Conflict, UnknownUid }

/// <summary>What of a verified payload the agent needs later.</summary>
public sealed record AcceptedCommand(long Id, long Seq, string Command, JsonElement Params, string Reason, string IssuedBy, DateTimeOffset ExpiresAt);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    MaxDepth = 48,
    Converters = [typeof(WireTime)])]
[JsonSerializable(typeof(JournalRecord))]
internal sealed partial class JournalJson : JsonSerializerContext;
