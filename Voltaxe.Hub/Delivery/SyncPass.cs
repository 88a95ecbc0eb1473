using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Operators;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Domain;
using Voltaxe.Hub.Persistence;
using Voltaxe.Hub.Pipeline;

namespace Voltaxe.Hub.Delivery;

/// <summary>The transaction of a sync, step by step.</summary>
public sealed class SyncPass(HubOptions options, AgentLinks links, ILogger<SyncPass> log)
{
    public async Task<Result<SyncOutcome>> RunAsync(HubWrite write, SyncAgent.Request request, CancellationToken ct)
    {
        var (agentId, sync, socket) = request;
        var agent = await write.LockAgentAsync(agentId, ct);
        if (agent is null || agent.RevokedAt is not null)
            return write.Abandon<Result<SyncOutcome>>(Refusal.Unauthenticated("This agent was revoked."));
        var known = await write.OpenOrGivenUpAsync(agentId, ct);
        var open = known.Where(c => !c.IsTerminal).ToList();

        var before = (agent.Epoch, agent.Instance, agent.HeldBecause);
        var standing = await JudgeAsync(write, agent, sync, ct);
        if (standing == Standing.EpochReplaced)
            return write.Abandon<Result<SyncOutcome>>(Refusal.Conflict("epoch_replaced", "This journal was replaced by a newer one and never becomes current again."));
        if (agent.HeldBecause is not null && before.HeldBecause is null)
        {
            log.CloneSuspected(agent.Id, agent.Hostname);
            write.Audit($"agent:{agent.Id}", "alert_clone_suspected", $"agent:{agent.Id}", "held");
        }
        if (standing == Standing.NewEpoch && before.Epoch is not null)
            LoseJournal(write, agent, before.Epoch, open);

        if (standing == Standing.Stale)
        {
            var (staleRecorded, staleDrops) = await ResultRecording.ApplyAsync(write, agent, known, sync.Results, log, ct);
            return new SyncOutcome(standing, true, null, [], [.. staleRecorded, .. await AgentEvents.RecordAsync(write, agent, open, sync.Events, ct)], [], staleDrops);
        }

        Observations.Take(write, agent, sync, log);
        agent.LastSeenAt = write.Now;
        agent.OnSocket = socket is not null;
        long? newSession = null;
        var session = socket is null ? null : links.SessionOf(agentId, socket.ConnectionId);
        if (socket is not null && session != agent.Session)
        {
            if (session is not null) // A newer socket was opened on another node meanwhile.
                return write.Abandon<Result<SyncOutcome>>(Refusal.Conflict("session_replaced", "A newer connection of this agent took over."));
            newSession = ++agent.Session;
        }

        var held = Hear(open, sync, write.Now);
        var (recorded, drops) = await ResultRecording.ApplyAsync(write, agent, known, sync.Results, log, ct);
        var events = await AgentEvents.RecordAsync(write, agent, open, sync.Events, ct);
        var to = new HandOutTo(socket is null ? Channel.Poll : Channel.Push, agent.Epoch, null, false);
        var chosen = Claim.HandOut(write, agent, open, held, to, options.Delivery);
        var cancels = Claim.CancelsOf(agent, known);
        return new SyncOutcome(standing, cancels.Count > 0 || open.Any(c => !c.IsTerminal), newSession,
            [.. chosen.Select(Claim.EnvelopeOf)], [.. recorded, .. events], cancels, drops);
    }

    private static async Task<Standing> JudgeAsync(HubWrite write, Agent agent, SyncRequest sync, CancellationToken ct)
    {
        var (epoch, instance) = (agent.Epoch, agent.Instance);
        var newEpoch = epoch != sync.Epoch;
        var epochWasRetired = newEpoch && await write.Db.RetiredEpochs.AnyAsync(r => r.AgentId == agent.Id && r.Epoch == sync.Epoch, ct);
        var retired = instance == sync.Instance ? null
            : await write.Db.RetiredInstances.SingleOrDefaultAsync(r => r.AgentId == agent.Id && r.Instance == sync.Instance, ct);
        var standing = Continuity.Judge(agent, sync, epochWasRetired, retired);
        if (standing is Standing.Current or Standing.NewEpoch)
        {
            if (newEpoch && epoch is not null)
                write.Db.RetiredEpochs.Add(new RetiredEpoch { AgentId = agent.Id, Epoch = epoch, RetiredAt = write.Now });
            // With a new journal even an instance that was replaced may come back, and be replaced again.
            if (instance is not null && instance != sync.Instance
                && !await write.Db.RetiredInstances.AnyAsync(r => r.AgentId == agent.Id && r.Instance == instance, ct))
                write.Db.RetiredInstances.Add(new RetiredInstance { AgentId = agent.Id, Instance = instance, RetiredAt = write.Now });
        }
        return standing;
    }

    private void LoseJournal(HubWrite write, Agent agent, string lostEpoch, IEnumerable<Command> open)
    {
        var lost = open.Where(c => c is { Status: CommandStatus.Delivered, SeedRoute: false }).ToList();
        foreach (var command in lost)
            command.GiveUp(UnknownWhy.JournalLost, write.Now);
        log.JournalLost(agent.Id, agent.Hostname, lost.Count);
        write.Audit($"agent:{agent.Id}", "alert_journal_lost", $"agent:{agent.Id}", "done",
            $$"""{"epoch":"{{lostEpoch}}","commands":[{{string.Join(",", lost.Select(c => c.Id))}}]}""");
    }

    /// <summary>Everything that the sync names is held; what is named gets its stamps.</summary>
    private static HashSet<Guid> Hear(IReadOnlyList<Command> open, SyncRequest sync, DateTimeOffset now)
    {
        var started = sync.Holding.Where(h => h.State != HoldingState.Received).Select(h => h.Uid).ToHashSet();
        var held = new HashSet<Guid>(sync.Holding.Select(h => h.Uid));
        held.UnionWith(sync.Received.Select(r => r.Uid));
        held.UnionWith(sync.Results.Select(r => r.Uid));
        foreach (var command in open.Where(c => held.Contains(c.Uid)))
            command.Heard(now, started.Contains(command.Uid));
        return held;
    }
}
