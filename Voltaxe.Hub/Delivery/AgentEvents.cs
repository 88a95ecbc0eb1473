using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;
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
                // Told late, after something newer was asked: that stays what was last asked.
                case "timed_restore" or "offline_release" when !open.Any(c => c.Id == agent.WantedBy && !c.IsTerminal && c.Uid != e.Uid):
                    agent.WantedIsolated = false;
                    break;
            }
            write.Audit($"agent:{agent.Id}", "event_" + e.Kind, $"agent:{agent.Id}", "reported",
                JsonSerializer.Serialize(e, WireJson.Default.AgentEvent), once: KeyOf(agent, e));
        }
        return [.. events.Select(e => e.EventId)];
    }

    private static string KeyOf(Agent agent, AgentEvent e) => $"{agent.Id}/{e.EventId}";
}
