using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Voltaxe.Agent.Execution.Journalling;
using Voltaxe.Agent.Execution.Ledgers;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Crypto;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Hub.Tests.Model;

/// <summary>
/// What the agent does, in the order in which its executor asks the ledger. Every record goes through <see cref="Write"/>, which can
/// die after any of them: what was written stays, the rest of the process is gone.
/// </summary>
internal sealed class AgentSide(World world, int? diesAfter)
{
    private static readonly ConcurrentDictionary<string, AcceptedCommand> Payloads = new();

    /// <summary>Records that this step made durable.</summary>
    public int Written { get; private set; }

    public void Handle(SyncReply said)
    {
        var before = world.Ledger;
        var told = new List<JournalRecord>(before.OnRecorded(said.Recorded, world.AgentsNow).Records);
        foreach (var notice in said.Drop)
            told.AddRange(before.OnDrop(notice, world.AgentsNow).Records);
        Write(told);
        foreach (var order in said.Cancel)
            Write(world.Ledger.OnCancel(order, world.AgentsNow).Records);
        Accept(said.Commands);
        StartWhatCan();
    }

    public void HandleReply()
    {
        var reply = world.Reply!;
        world.Reply = null;
        world.ClockError = reply.HubTime - world.Now;
        world.Received = [.. world.Received.Except(world.Awaited!.Received)];
        world.Awaited = null;
        Handle(reply);
    }

    public void Boot()
    {
        world.Alive = true;
        world.Instance++;
        world.Connection++;
        world.N = 0;
        if (world.Ledger.Clock is { } pin && pin.BootId == world.Boot.ToString(CultureInfo.InvariantCulture))
            world.ClockError = pin.HubTime - World.Start.AddSeconds(pin.UptimeTicks);
        // Events are told beside the commands and decide nothing here; without them there are fewer states.
        Write([.. world.Ledger.OnRecover(world.Now, world.AgentsNow).Records.Where(r => r is not EventRaised)]);
        StartWhatCan();
    }

    public void Finish(Running done)
    {
        world.Running = world.Running.Remove(done);
        var outcome = done.Failed ? Outcome.Failed : Outcome.Executed;
        Write(world.Ledger.OnFinished(new ResultReport(World.UidOf(done.Command), 1, outcome, "done", null, null, null, null)).Records);
        StartWhatCan();
    }

    private void Accept(IReadOnlyList<Envelope> envelopes)
    {
        var pending = new List<JournalRecord>();
        foreach (var envelope in envelopes)
        {
            var decision = world.Ledger.Apply(pending).OnEnvelope(envelope);
            if (decision.Next == NextStep.Nothing)
                continue;
            if (decision.Next == NextStep.Tell)
            {
                pending.AddRange(decision.Records);
                TellReceived(envelope.Uid, envelope.Attempt);
                continue;
            }
            WriteVerdicts([.. pending, .. decision.Records]);
            if (!world.Alive)
                return;
            pending = [.. world.Ledger.OnVerified(envelope, Verdict.Accept(Verify(envelope)), world.AgentsNow).Records];
        }
        WriteVerdicts(pending);
    }

    private void WriteVerdicts(List<JournalRecord> records)
    {
        var accepted = records.OfType<Received>().ToList();
        if (accepted.Count > 0 && world.AgentsNow is { } now)
            records.Add(new ClockSet(now, world.Boot.ToString(CultureInfo.InvariantCulture), world.Seconds));
        Write(records);
        foreach (var received in accepted)
            TellReceived(received.Uid, received.Attempt);
    }

    private void TellReceived(Guid uid, int attempt)
    {
        if (world.Alive)
            world.Received = [.. world.Received.Where(r => r.Uid != uid), new(uid, attempt)];
    }

    private void StartWhatCan()
    {
        if (!world.Alive)
            return;
        var decision = world.Ledger.Start(world.AgentsNow);
        Write(decision.Records);
        if (!world.Alive)
            return;
        foreach (var order in decision.Starts)
            world.Running = world.Running.Add(new(World.IndexOf(order.Uid), order.Resumed, false, false));
    }

    private void Write(IReadOnlyList<JournalRecord> records)
    {
        foreach (var record in records)
        {
            if (!world.Alive)
                return;
            if (Written == diesAfter)
            {
                Die(world);
                return;
            }
            world.Ledger = world.Ledger.Apply(record);
            world.Position++;
            Written++;
        }
    }

    /// <summary>The process is gone and with it everything that is not in the journal.</summary>
    public static void Die(World world)
    {
        world.Alive = false;
        world.Received = [];
        world.Running = [];
        world.Awaited = null;
        world.Reply = null;
        world.ClockError = null;
    }

    public static SyncRequest Compose(World world)
    {
        var open = world.Ledger.Open.ToList();
        return new SyncRequest
        {
            Epoch = world.Ledger.Epoch,
            Instance = world.Instance.ToString(CultureInfo.InvariantCulture),
            N = ++world.N,
            Position = world.Position,
            HighestSeq = world.Ledger.HighestSeq,
            Observed = new Observed(world.Isolated, null, null, world.Isolated ? RulesState.Intact : RulesState.None),
            Holding = [.. open.Where(e => e.State is EntryState.Received or EntryState.Started)
                .Select(e => new HoldingEntry(e.Uid, e.Attempt, e.State == EntryState.Started ? HoldingState.Started : HoldingState.Received))],
            Received = world.Received,
            Results = [.. open.Where(e => e.State == EntryState.Finished).Select(e => e.Report)],
        };
    }

    /// <summary>The action does what it is for: afresh, or after looking what became of it before the crash.</summary>
    public static void Act(World world, Running running, bool fails)
    {
        var command = world.Commands[running.Command];
        var network = CommandNames.IsNetwork(command.Name);
        var isDone = network ? world.RulesOf == running.Command : world.Effects[running.Command] > 0;
        if (!fails && !(running.Resumed && isDone))
        {
            world.Effects = world.Effects.SetItem(running.Command, world.Effects[running.Command] + 1);
            if (network)
            {
                if (command.Seq <= world.LastNetworkEffect)
                    world.Break($"command {command.Id} changed the network after a newer one had");
                (world.Isolated, world.RulesOf, world.LastNetworkEffect) = (command.Name == CommandNames.NetworkIsolate, running.Command, command.Seq!.Value);
            }
        }
        world.Running = world.Running.Replace(running, running with { Acted = true, Failed = fails && !(running.Resumed && isDone) });
    }

    private static AcceptedCommand Verify(Envelope envelope) => Payloads.GetOrAdd(envelope.Payload, static text =>
    {
        if (!Base64UrlText.TryDecode(text, out var bytes))
            throw new InvalidOperationException("the hub signed what cannot be read");
        var payload = JsonSerializer.Deserialize(bytes, WireJson.Default.CommandPayload)!;
        return new AcceptedCommand(payload.Id, payload.Seq, payload.Command, WireJson.EmptyObject, payload.Reason, payload.IssuedBy, payload.ExpiresAt);
    });
}
