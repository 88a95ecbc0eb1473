using Voltaxe.Agent.Execution.Journalling;

namespace Voltaxe.Agent.Execution;

/// <summary>
/// Hub time as this agent reckons it: what the last authenticated sync said, plus what has passed since on a clock that runs through
/// suspend. The machine's wall clock plays no part.
/// </summary>
/// <param name="time">Its timestamp must run through suspend.</param>
/// <param name="bootId">Names this boot of the machine: timestamps of another boot mean nothing.</param>
public sealed class HubClock(TimeProvider time, string bootId)
{
    private const int EarliestYear = 2000, LatestYear = 2999;

    private readonly Lock gate = new();
    private (DateTimeOffset Hub, long Stamp)? pinned;

    /// <summary>Hub time now, or null until a sync has said what it is.</summary>
    public DateTimeOffset? Now
    {
        get
        {
            lock (gate)
                return pinned is { } p ? p.Hub + time.GetElapsedTime(p.Stamp) : null;
        }
    }

    /// <summary>A time outside is a mistake, and would overflow what is reckoned with it.</summary>
    public static bool IsPlausible(DateTimeOffset hubTime) => hubTime.Year is >= EarliestYear and <= LatestYear;

    /// <summary>An authenticated sync said so.</summary>
    public void Set(DateTimeOffset hubTime)
    {
        lock (gate)
            pinned = (hubTime, time.GetTimestamp());
    }

    /// <summary>Takes up what the journal knew, if the machine has not been started anew since.</summary>
    public void Resume(ClockSet? journalled)
    {
        if (journalled is null || journalled.BootId != bootId)
            return;
        lock (gate)
            // In 128 bits: ticks times frequency leave 64 bits after a day of uptime.
            pinned ??= (journalled.HubTime, (long)((Int128)journalled.UptimeTicks * time.TimestampFrequency / TimeSpan.TicksPerSecond));
    }

    /// <summary>What to journal, so that a restarted agent knows hub time; null until it is known.</summary>
    public ClockSet? Pin()
    {
        lock (gate)
            return pinned is { } p
                ? new ClockSet(p.Hub, bootId, (long)((Int128)p.Stamp * TimeSpan.TicksPerSecond / time.TimestampFrequency))
                : null;
    }
}
