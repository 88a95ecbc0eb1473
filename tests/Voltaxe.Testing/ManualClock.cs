namespace Voltaxe.Testing;

/// <summary>A clock that stands still until a test moves it. Timers and delays made with it fire inside <see cref="Advance"/>.</summary>
public sealed class ManualClock(DateTimeOffset start) : TimeProvider
{
    private readonly Lock gate = new();
    private readonly List<ManualTimer> timers = [];
    private DateTimeOffset now = start.ToUniversalTime();
    private long timestamp;

    public ManualClock() : this(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero)) { }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (gate)
            return now;
    }

    public override long GetTimestamp()
    {
        lock (gate)
            return timestamp;
    }

    /// <summary>
    /// Moves wall clock and monotonic clock together, and fires what falls due on the way, in order. A periodic timer fires once, at the
    /// last of its times: as after a sleep of the machine, nobody makes up for those that it slept through.
    /// </summary>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        long target;
        lock (gate)
            target = timestamp + by.Ticks;
        while (true)
        {
            ManualTimer? next;
            lock (gate)
            {
                next = timers.Where(t => t.Due <= target).MinBy(t => t.LastDue(target));
                MoveTo(next?.LastDue(target) ?? target);
                next?.Rearm();
            }
            if (next is null)
                return;
            next.Fire();
        }
    }

    /// <summary>Sets the wall clock alone, as an administrator or a bad battery does; no timer fires.</summary>
    public void StepWallClock(DateTimeOffset to)
    {
        lock (gate)
            now = to.ToUniversalTime();
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private void MoveTo(long stamp)
    {
        if (stamp <= timestamp)
            return;
        now += TimeSpan.FromTicks(stamp - timestamp);
        timestamp = stamp;
    }

    private sealed class ManualTimer(ManualClock clock, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan period = Timeout.InfiniteTimeSpan;

        public long Due { get; private set; } = long.MaxValue;

        /// <summary>The last time that is not after this one, of a timer that is due by then.</summary>
        public long LastDue(long until) => period > TimeSpan.Zero ? until - (until - Due) % period.Ticks : Due;

        public bool Change(TimeSpan dueTime, TimeSpan newPeriod)
        {
            var fireNow = false;
            lock (clock.gate)
            {
                period = newPeriod;
                clock.timers.Remove(this);
                if (dueTime == Timeout.InfiniteTimeSpan)
                {
                    Due = long.MaxValue;
                    return true;
                }
                Due = clock.timestamp + Math.Max(0, dueTime.Ticks);
                if (dueTime <= TimeSpan.Zero)
                {
                    fireNow = true;
                    Rearm();
                }
                else
                {
                    clock.timers.Add(this);
                }
            }
            if (fireNow)
                ThreadPool.UnsafeQueueUserWorkItem(static t => t.Fire(), this, preferLocal: false);
            return true;
        }

        /// <summary>Called under the clock's lock when the timer is about to fire.</summary>
        public void Rearm()
        {
            clock.timers.Remove(this);
            if (period == Timeout.InfiniteTimeSpan || period <= TimeSpan.Zero)
            {
                Due = long.MaxValue;
                return;
            }
            Due = clock.timestamp + period.Ticks;
            clock.timers.Add(this);
        }

        public void Fire() => callback(state);

        public void Dispose()
        {
            lock (clock.gate)
                clock.timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
