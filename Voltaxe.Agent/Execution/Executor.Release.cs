using Voltaxe.Agent.Execution.Journalling;
using Voltaxe.Agent.Execution.Ledgers;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Execution;

/// <summary>What became of a release code, for the person who showed it.</summary>
public sealed record ReleaseAnswer(int ExitCode, string Message);

public sealed partial class Executor
{
    private readonly List<(string Nonce, TaskCompletionSource<ReleaseAnswer> Answer)> awaitingRelease = [];

    private sealed record CodeShown(ReleaseOrder Order, ReleaseScene Scene, TaskCompletionSource<ReleaseAnswer> Answer) : Work;

    /// <summary>
    /// A release code was shown. That it is used is durable before anything else happens; from then on the restore is owed, and done after a
    /// crash too. Cancelled when the agent ends before that.
    /// </summary>
    public Task<ReleaseAnswer> ReleaseAsync(ReleaseOrder order, ReleaseScene scene)
    {
        var answer = new TaskCompletionSource<ReleaseAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!mailbox.Writer.TryWrite(new CodeShown(order, scene, answer)))
            answer.SetCanceled();
        return answer.Task;
    }

    private void OnCode(CodeShown shown)
    {
        void Answer(int exitCode, string message) => shown.Answer.SetResult(new(exitCode, message));
        if (stop.IsCancellationRequested)
        {
            shown.Answer.SetCanceled();
            return;
        }
        if (book.Ledger.OwedRelease is { } owed && owed.Nonce == shown.Order.Nonce)
        {
            // Shown again after a crash, or by somebody who did not wait: what becomes of it is the answer to both.
            awaitingRelease.Add((owed.Nonce, shown.Answer));
            return;
        }
        var decision = book.Ledger.OnRelease(shown.Order, shown.Scene);
        if (decision.Record is not { } used)
        {
            CodeRefused(decision.Refusal!);
            Answer(ExitCodes.Refused, decision.Refusal!);
        }
        else if (NetworkIsBusy)
            Answer(ExitCodes.Failed, "the network of this host is being changed at this moment: try again in two minutes; the code was not used");
        else if (!book.TryWrite([used]))
            Answer(ExitCodes.Failed, $"that the code is used could not be written down, so it was not: {book.Unwritable}");
        else
        {
            CodeTaken(used.Nonce, used.Uid);
            awaitingRelease.Add((used.Nonce, shown.Answer));
        }
    }

    private bool NetworkIsBusy => restoring || book.Ledger.Open.Any(e => e is { State: EntryState.Started, AtWork: true, Lane: Lane.Network });

    /// <summary>As at a deadline: a restore under the isolation's own uid, that looks at the host first.</summary>
    private Task RestoreAsync(CodeUsed code) =>
        RestoreAsync(code.Uid, new AcceptedCommand(0, code.Seq, CommandNames.NetworkRestore, WireJson.EmptyObject, "offline release", "", code.ExpiresAt), code);

    private void OnReleased(CodeUsed code, ResultReport? restored)
    {
        var waiting = awaitingRelease.Where(w => w.Nonce == code.Nonce).Select(w => w.Answer).ToList();
        awaitingRelease.RemoveAll(w => w.Nonce == code.Nonce);
        if (restored is not { Outcome: Outcome.Executed })
        {
            NotReleased(code.Uid, restored?.Message);
            waiting.ForEach(w => w.SetResult(new(ExitCodes.Failed, $"the code was taken, but the host could not be restored, which is tried again every few seconds: {restored?.Message}")));
            return;
        }
        book.WriteOrCarry(book.Ledger.OnReleased(code, restored, Happening()).Records);
        Released(code.Uid);
        waiting.ForEach(w => w.SetResult(new(ExitCodes.Done, $"released: {restored.Message}. The hub is told at the next contact")));
        outbox.RingNow();
    }
}
