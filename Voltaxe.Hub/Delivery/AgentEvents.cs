using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Commands;
using Voltaxe.Hub.Domain;
using Voltaxe.Hub.Persistence;

namespace Voltaxe.Hub.Delivery;

/// <summary>What happened on a host without a command. Kept in the audit trail; each event counts once, however often it is told.</summary>
public static class AgentEvents
{
    public static async Task<IReadOnlyList<string>> RecordAsync(HubWrite write, Agent agent, IReadOnlyCollection<Command> open, IReadOnlyList<AgentEvent> events, CancellationToken ct)
    {
        if (events.Count == 0)
            return [];
        var keys = events.Select(e => KeyOf(agent, e)).ToList();
        var known = (await write.Db.Audit.Where(a => a.Once != null && keys.Contains(a.Once)).Select(a => a.Once!).ToListAsync(ct)).ToHashSet();
        await ProgressReports.TakeAsync(write, open, events, ct);
        foreach (var e in events.Where(e => e.Kind != ProgressReports.Kind && known.Add(KeyOf(agent, e)))) // progress is shown while it runs, never kept
        {
            switch (e.Kind)
            {
                case "journal_unwritable":
                    agent.Degraded = "journal_unwritable";
                    break;
                case "journal_writable":
                    agent.Degraded = null;
                    break;
                case "timed_restore" or "offline_release" when !await WasAskedSinceAsync(write, agent, open, e, ct):
                    agent.WantedIsolated = false;
                    break;
            }
            if (e.Kind == "offline_release")
                await CheckCodeAsync(write, agent, e, ct);
            write.Audit($"agent:{agent.Id}", "event_" + e.Kind, $"agent:{agent.Id}", "reported",
                JsonSerializer.Serialize(e, WireJson.Default.AgentEvent), once: KeyOf(agent, e));
        }
        return [.. events.Select(e => e.EventId)];
    }

    /// <summary>Told late, after something newer was asked: that stays what was last asked.</summary>
    private static async Task<bool> WasAskedSinceAsync(HubWrite write, Agent agent, IReadOnlyCollection<Command> open, AgentEvent e, CancellationToken ct)
    {
        var last = open.FirstOrDefault(c => c.Id == agent.WantedBy) ?? (agent.WantedBy is { } wanted ? await write.CommandAsync(wanted, ct) : null);
        if (last is null || last.Uid == e.Uid || last.Status is CommandStatus.Cancelled or CommandStatus.Expired or CommandStatus.Rejected)
            return false;
        // A release code has a place of its own in the order of intent: whatever was asked before it was made is overtaken.
        if (SeqOfCode(e) is { } code)
            return last.Seq > code;
        var ended = await write.Db.Commands.Where(c => c.Uid == e.Uid && c.AgentId == agent.Id).Select(c => c.Seq).SingleOrDefaultAsync(ct);
        return ended is { } seq ? last.Seq > seq : !last.IsTerminal;
    }

    private static long? SeqOfCode(AgentEvent e) =>
        e is { Kind: "offline_release", Data: { ValueKind: JsonValueKind.Object } data } && data.TryGetProperty("seq", out var seq) && seq.ValueKind == JsonValueKind.Number && seq.TryGetInt64(out var number)
            ? number
            : null;

    /// <summary>What a host did is taken for what it is; that it did it without a code that was made here is an alarm.</summary>
    private static async Task CheckCodeAsync(HubWrite write, Agent agent, AgentEvent e, CancellationToken ct)
    {
        var nonce = e is { Data: { ValueKind: JsonValueKind.Object } data } && data.TryGetProperty("code", out var code) && code.ValueKind == JsonValueKind.String ? code.GetString() : null;
        var mark = nonce is null ? null : CreateReleaseCode.OnceOf(agent.Id, nonce);
        if (mark is null || !await write.Db.Audit.AnyAsync(a => a.Once == mark, ct))
            write.Audit($"agent:{agent.Id}", "alert_release_without_code", $"agent:{agent.Id}", "reported", once: KeyOf(agent, e) + "/without-code");
    }

    private static string KeyOf(Agent agent, AgentEvent e) => $"{agent.Id}/{e.EventId}";
}
