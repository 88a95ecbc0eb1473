using Voltaxe.Agent.Execution.Journalling;
using Voltaxe.Agent.Execution.Ledgers;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Execution;

public sealed partial class Executor
{
    /// <summary>
    /// Journals a batch whole. One SEEN is durable before each envelope is verified, so that a crash is laid to the right one; what the
    /// verdict means is made durable together with the SEEN of the next.
    /// </summary>
    private void Accept(IReadOnlyList<Envelope> envelopes)
    {
        ReceivedCommands(envelopes.Count);
        var before = book.Ledger;
        var pending = new List<JournalRecord>();
        Envelope? last = null;
        foreach (var envelope in envelopes)
        {
            var ahead = book.Ledger.Apply(pending);
            var decision = ahead.OnEnvelope(envelope);
            switch (decision.Next)
            {
                case NextStep.Nothing:
                    OtherEpoch(envelope.Uid, envelope.Epoch);
                    break;
                case NextStep.Tell:
                    AnsweredFromJournal(envelope.Uid, envelope.Attempt);
                    pending.AddRange(decision.Records);
                    outbox.TellReceived(envelope.Uid, envelope.Attempt);
                    break;
                default:
                    if (!WriteVerdicts([.. pending, .. decision.Records], last))
                    {
                        AcceptWithoutJournal(envelope);
                        break;
                    }
                    pending = [.. Judge(envelope)];
                    last = envelope;
                    continue;
            }
        }
        WriteVerdicts(pending, last);
        // What was passed over is not news: a sync that says nothing only makes the hub hand it out again.
        if (!ReferenceEquals(before, book.Ledger) || outbox.Received.Count > 0)
            outbox.RingSoon();
    }

    private IReadOnlyList<JournalRecord> Judge(Envelope envelope)
    {
        var records = book.Ledger.OnVerified(envelope, verify(envelope), clock.Now).Records;
        foreach (var record in records)
        {
            if (record is Finished finished)
                EndedAs(finished.Uid, finished.Result.Outcome, finished.Result.Message);
        }
        return records;
    }

    private bool WriteVerdicts(IReadOnlyList<JournalRecord> records, Envelope? judged)
    {
        var accepted = records.OfType<Received>().ToList();
        if (book.TryWrite(accepted.Count > 0 && clock.Pin() is { } pin ? [.. records, pin] : records))
        {
            foreach (var received in accepted)
                outbox.TellReceived(received.Uid, received.Attempt);
            return true;
        }
        if (judged is not null && accepted.Count > 0)
            AcceptWithoutJournal(judged);
        return false;
    }

    /// <summary>The disk takes nothing: an order about the network counts all the same, anything else is left to be handed out again.</summary>
    private void AcceptWithoutJournal(Envelope envelope)
    {
        var verdict = verify(envelope);
        if (verdict is not { Command: { } command, Refusal: null } || !CommandNames.IsNetwork(command.Command))
        {
            WaitsForJournal(envelope.Uid);
            return;
        }
        var received = book.Ledger.OnVerified(envelope, verdict, clock.Now).Records.OfType<Received>().ToList();
        if (received.Count == 0)
            return;
        book.WriteOrCarry([new Seen(envelope.Uid, envelope.Attempt), .. received]);
        outbox.TellReceived(envelope.Uid, envelope.Attempt);
    }
}
