using Voltaxe.Agent.Execution.Journalling;
using Voltaxe.Agent.Execution.Ledgers;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Execution;

public sealed partial class Executor
{
    /// <summary>How long at most until the clock is asked again: timers stand still while the machine sleeps, hub time does not. And how long until a restore that failed is tried again.</summary>
    private static readonly TimeSpan LongestNap = TimeSpan.FromSeconds(10);

    private ITimer? alarm;
    private bool restoring;
    private long? failedAt;

    /// <summary>
    /// Ends the isolation whose time is over, or that a release code ends. Without hub time nobody knows whether a time is over: after a
    /// restart of the machine, one sync is waited for. A code that was taken waits for nobody.
    /// </summary>
    private void MindDeadline()
    {
        alarm?.Dispose();
        alarm = null;
        if (restoring)
            return;
        var release = book.Ledger.OwedRelease;
        var deadline = release is null && clock.Now is not null ? book.Ledger.Deadline : null;
        if (release is null && deadline is null)
            return;
        var wait = failedAt is { } failed ? LongestNap - time.GetElapsedTime(failed) : TimeSpan.Zero;
        if (deadline is not null && deadline.At - clock.Now!.Value is var left && left > wait)
            wait = left;
        if (wait > TimeSpan.Zero)
        {
            SetAlarm(wait);
            return;
        }
        restoring = true;
        if (release is not null)
        {
            running[release.Uid] = RestoreAsync(release);
            return;
        }
        TimeIsUp(deadline!.Uid);
        running[deadline.Uid] = RestoreAsync(deadline.Uid, deadline.Command, null);
    }

    private void SetAlarm(TimeSpan due) => alarm = time.CreateTimer(
        static executor => ((Executor)executor!).mailbox.Writer.TryWrite(new Alarm()), this, due < LongestNap ? due : LongestNap, Timeout.InfiniteTimeSpan);

    /// <summary>A restore under the isolation's own uid. It looks at the host first: a crash before it was journalled makes it run again.</summary>
    private async Task RestoreAsync(Guid uid, AcceptedCommand isolation, CodeUsed? code)
    {
        var command = isolation with { Command = CommandNames.NetworkRestore, Params = WireJson.EmptyObject };
        var report = await runner.RunAsync(new StartOrder(uid, command, Resumed: true), clock.Now, stop.Token);
        mailbox.Writer.TryWrite(new IsolationEnded(uid, report, code));
    }

    private void OnIsolationEnded(IsolationEnded ended)
    {
        running.Remove(ended.Uid);
        restoring = false;
        // Tried again, but not in a circle.
        failedAt = ended.Restored is { Outcome: Outcome.Executed } ? null : time.GetTimestamp();
        if (ended.Code is { } code)
        {
            OnReleased(code, ended.Restored);
            return;
        }
        if (ended.Restored is not { Outcome: Outcome.Executed } restored)
        {
            NotRestored(ended.Uid, ended.Restored?.Message);
            return;
        }
        book.WriteOrCarry(book.Ledger.OnTimerFired(ended.Uid, restored, Happening()).Records);
        outbox.RingNow();
    }
}
