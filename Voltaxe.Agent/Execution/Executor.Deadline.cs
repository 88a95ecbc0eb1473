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
    private DateTimeOffset? notBefore;

    /// <summary>
    /// Ends the isolation whose time is over. Without hub time nobody knows whether it is: after a restart of the machine, one sync is waited for.
    /// </summary>
    private void MindDeadline()
    {
        alarm?.Dispose();
        alarm = null;
        if (restoring || book.Ledger.Deadline is not { } deadline || clock.Now is not { } now)
            return;
        var due = notBefore > deadline.At ? notBefore.Value : deadline.At;
        if (now < due)
        {
            SetAlarm(due - now);
            return;
        }
        restoring = true;
        TimeIsUp(deadline.Uid);
        running[deadline.Uid] = RestoreAsync(deadline);
    }

    private void SetAlarm(TimeSpan due) => alarm = time.CreateTimer(
        static executor => ((Executor)executor!).mailbox.Writer.TryWrite(new Alarm()), this, due < LongestNap ? due : LongestNap, Timeout.InfiniteTimeSpan);

    /// <summary>A restore under the isolation's own uid. It looks at the host first: a crash before it was journalled makes it run again.</summary>
    private async Task RestoreAsync(Deadline deadline)
    {
        var command = deadline.Command with { Command = CommandNames.NetworkRestore, Params = WireJson.EmptyObject };
        var report = await runner.RunAsync(new StartOrder(deadline.Uid, command, Resumed: true), clock.Now, stop.Token);
        mailbox.Writer.TryWrite(new TimeUp(deadline.Uid, report));
    }

    private void OnTimeUp(TimeUp over)
    {
        running.Remove(over.Uid);
        restoring = false;
        if (over.Restored is not { Outcome: Outcome.Executed } restored)
        {
            NotRestored(over.Uid, over.Restored?.Message);
            // Tried again, but not in a circle.
            notBefore = clock.Now + LongestNap;
            return;
        }
        book.WriteOrCarry(book.Ledger.OnTimerFired(over.Uid, restored, Happening()).Records);
        notBefore = null;
        outbox.RingNow();
    }
}
