using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Voltaxe.Agent.Execution.Journalling;
using Voltaxe.Agent.Execution.Ledgers;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Execution;

/// <summary>
/// The one place that acts on what the hub says, whichever channel it came over. One thing at a time: ask the ledger, make its records
/// durable, then act. Only the actions themselves run beside it, one a lane.
/// </summary>
public sealed partial class Executor(Book book, HubClock clock, Func<Envelope, Verdict> verify, ActionRunner runner, Outbox outbox, TimeProvider time, ILogger<Executor> log)
{
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(10);

    private readonly Channel<Work> mailbox = Channel.CreateUnbounded<Work>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource stop = new();
    private readonly Dictionary<Guid, Task> running = [];
    private bool degraded;

    private abstract record Work;
    private sealed record Said(SyncReply Reply, TaskCompletionSource Handled) : Work;
    private sealed record Ended(Guid Uid, ResultReport? Report) : Work;
    private sealed record Happened(AgentEvent Event) : Work;
    private sealed record IsolationEnded(Guid Uid, ResultReport? Restored, CodeUsed? Code) : Work;
    private sealed record Alarm : Work;
    private sealed record Stopping(TaskCompletionSource<Task> Running) : Work;

    /// <summary>What the hub said, in a reply or pushed. Handled in the order of these calls; the task ends when it has been.</summary>
    public Task PostAsync(SyncReply said)
    {
        var handled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return mailbox.Writer.TryWrite(new Said(said, handled)) ? handled.Task : Task.CompletedTask;
    }

    /// <summary>Comes back when everything that was posted before has been worked through: the loop lives.</summary>
    public Task PulseAsync() => PostAsync(new SyncReply { HubTime = time.GetUtcNow() });

    /// <summary>Something happened on the host without a command.</summary>
    public void Post(AgentEvent happened) => mailbox.Writer.TryWrite(new Happened(happened));

    /// <summary>Recovers from what came before, then works until <see cref="StopAsync"/>.</summary>
    public async Task RunAsync()
    {
        Work? current = null;
        try
        {
            Recover();
            await foreach (var work in mailbox.Reader.ReadAllAsync())
            {
                current = work;
                switch (work)
                {
                    case Said said: Handle(said.Reply); break;
                    case Ended ended: Finish(ended); break;
                    case IsolationEnded over: OnIsolationEnded(over); break;
                    case CodeShown shown: OnCode(shown); break;
                    case Happened happened: book.WriteOrCarry(book.Ledger.OnEvent(happened.Event).Records); outbox.RingNow(); break;
                    case Stopping stopping: stopping.Running.SetResult(Task.WhenAll(running.Values)); continue;
                }
                if (!stop.IsCancellationRequested)
                {
                    StartWhatCan();
                    MindDeadline();
                }
                NoteDisk();
                (work as Said)?.Handled.TrySetResult();
                book.CompactIfGrown(clock.Now);
            }
            book.WriteOrCarry([.. running.Keys.SelectMany(uid => book.Ledger.OnPaused(uid).Records)]);
        }
        finally
        {
            alarm?.Dispose();
            // When this loop breaks off, whoever waits for it must not wait for ever: the agent could not end, and nothing would start it again.
            mailbox.Writer.TryComplete();
            LetGo(current);
            while (mailbox.Reader.TryRead(out var left))
                LetGo(left);
            foreach (var (_, answer) in awaitingRelease)
                answer.TrySetCanceled();
        }
    }

    /// <summary>Starts nothing more, gives what is running a moment to end, and journals what did not.</summary>
    public async Task StopAsync()
    {
        await stop.CancelAsync();
        var asked = new TaskCompletionSource<Task>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (mailbox.Writer.TryWrite(new Stopping(asked)))
        {
            try
            {
                await (await asked.Task).WaitAsync(StopPatience, time);
            }
            catch (TimeoutException)
            {
                StillRunning(running.Count);
            }
        }
        mailbox.Writer.TryComplete();
    }

    /// <summary>Nothing happens to what was handled; what was not is given up.</summary>
    private static void LetGo(Work? work)
    {
        (work as Said)?.Handled.TrySetCanceled();
        (work as CodeShown)?.Answer.TrySetCanceled();
        (work as Stopping)?.Running.TrySetResult(Task.CompletedTask);
    }

    private void Recover()
    {
        clock.Resume(book.Ledger.Clock);
        var recovered = book.Ledger.OnRecover(Happening(), clock.Now);
        if (recovered.Records.Count > 0)
            RecoveredFromCrash(recovered.Records.OfType<CrashCounted>().Count());
        book.WriteOrCarry(recovered.Records);
        StartWhatCan();
        MindDeadline();
        NoteDisk();
    }

    private void Handle(SyncReply said)
    {
        var before = book.Ledger;
        var told = new List<JournalRecord>(before.OnRecorded(said.Recorded, clock.Now).Records);
        foreach (var notice in said.Drop)
        {
            Dropped(notice.Uid, notice.Why);
            told.AddRange(before.OnDrop(notice, clock.Now).Records);
        }
        book.WriteOrCarry(told);
        if (said.Cancel.Count > 0)
            Cancel(said.Cancel);
        if (said.Commands.Count > 0)
            Accept(said.Commands);
    }

    private void Cancel(IReadOnlyList<CancelOrder> orders)
    {
        var ahead = book.Ledger;
        var records = new List<JournalRecord>();
        foreach (var order in orders)
        {
            var decision = ahead.OnCancel(order, clock.Now);
            AskedToEnd(order.Uid, order.Why, decision.Records.Count > 0);
            records.AddRange(decision.Records);
            ahead = ahead.Apply(decision.Records);
        }
        // What cannot be journalled is not reported as cancelled: the hub asks again in every reply.
        // And what is not new is not told again: the hub would answer that with the same question, without end.
        if (records.Count > 0 && book.TryWrite(records))
            outbox.RingNow();
    }

    private void StartWhatCan()
    {
        var writable = book.Flush();
        var decision = book.Ledger.Start(clock.Now, networkOnly: !writable, networkBusy: restoring, runner.PinOf);
        if (!writable || !book.TryWrite(decision.Records))
        {
            // Without a journal only an order about the network is carried out; whatever would merely end waits for the disk.
            decision = book.Ledger.Start(clock.Now, networkOnly: true, networkBusy: restoring);
            decision = decision with { Records = [.. decision.Records.Where(r => r is Started)] };
            book.WriteOrCarry(decision.Records);
        }
        foreach (var order in decision.Starts)
        {
            Starting(order.Command.Command, order.Command.Id, order.Uid, order.Resumed);
            running[order.Uid] = RunOneAsync(order, book.Ledger.Find(order.Uid)!.StartedAt);
        }
        if (decision.Starts.Count > 0)
            outbox.RingSoon();
        else if (decision.Records.Count > 0)
            outbox.RingNow();
    }

    private async Task RunOneAsync(StartOrder order, DateTimeOffset? startedAt)
    {
        var report = await runner.RunAsync(order, startedAt, stop.Token);
        mailbox.Writer.TryWrite(new Ended(order.Uid, report));
    }

    private void Finish(Ended ended)
    {
        running.Remove(ended.Uid);
        if (ended.Report is not { } report)
        {
            book.WriteOrCarry(book.Ledger.OnPaused(ended.Uid).Records);
            return;
        }
        book.WriteOrCarry(book.Ledger.OnFinished(report).Records);
        EndedAs(report.Uid, report.Outcome, report.Message);
        outbox.RingNow();
    }

    private void NoteDisk()
    {
        if (book.Unwritable is null == !degraded)
            return;
        degraded = !degraded;
        outbox.Degraded = book.Unwritable;
        var kind = degraded ? "journal_unwritable" : "journal_writable";
        if (degraded)
            JournalUnwritable(book.Unwritable!);
        else
            JournalWritable();
        book.WriteOrCarry([new EventRaised(new AgentEvent(Guid.CreateVersion7(time.GetUtcNow()).ToString(), kind, Happening(), null, null))]);
        outbox.RingNow();
    }

    private DateTimeOffset Happening() => Contracts.Json.WireTime.Truncate(clock.Now ?? time.GetUtcNow());
}
