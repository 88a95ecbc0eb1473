using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Domain;
using Voltaxe.Hub.Persistence;

namespace Voltaxe.Hub.Delivery;

/// <summary>Records a set of reported results in the agent's transaction.</summary>
public static class ResultRecording
{
    public static async Task<(IReadOnlyList<string> Recorded, IReadOnlyList<DropNotice> Drops)> ApplyAsync(
        HubWrite write, Agent agent, IReadOnlyCollection<Command> read, IReadOnlyList<ResultReport> results, ILogger log, CancellationToken ct)
    {
        if (results.Count == 0)
            return ([], []);
        var known = read.ToDictionary(c => c.Uid);
        var others = results.Select(r => r.Uid).Where(u => !known.ContainsKey(u)).Distinct().ToList();
        if (others.Count > 0)
        {
            foreach (var command in await write.CommandsAsync(others, ct))
                known[command.Uid] = command;
        }
        var recorded = new List<string>();
        var drops = new List<DropNotice>();
        var told = await ToldBeforeAsync(write, agent, results, known, ct);
        foreach (var report in results)
        {
            var command = known.GetValueOrDefault(report.Uid);
            var what = Recording.Apply(command, agent.Id, report, write.Now);
            switch (what)
            {
                case Recorded.New:
                    Settle(agent, command!, report, write.Now);
                    recorded.Add(report.Uid.ToString("D"));
                    break;
                case Recorded.Repeat:
                    recorded.Add(report.Uid.ToString("D"));
                    break;
                case Recorded.Correction or Recorded.Rollback:
                    Settle(agent, command!, report, write.Now);
                    recorded.Add(report.Uid.ToString("D"));
                    Tell(write, agent, report, what == Recorded.Rollback ? "alert_database_rollback" : "command_corrected", $"command:{command!.Id}");
                    if (what == Recorded.Rollback)
                        log.DatabaseRollback(agent.Id, report.Uid);
                    break;
                case Recorded.Conflict:
                    drops.Add(new DropNotice(report.Uid, DropWhy.Conflict));
                    TellOnce(write, agent, report, "result_conflict", $"command:{command!.Id}", told);
                    break;
                case Recorded.UnknownUid:
                    drops.Add(new DropNotice(report.Uid, DropWhy.UnknownUid));
                    if (TellOnce(write, agent, report, "alert_database_rollback", $"uid:{report.Uid:D}", told))
                        log.DatabaseRollback(agent.Id, report.Uid);
                    break;
                case Recorded.NotYours:
                    drops.Add(new DropNotice(report.Uid, DropWhy.UnknownUid));
                    TellOnce(write, agent, report, "result_of_another_agent", $"uid:{report.Uid:D}", told);
                    break;
            }
        }
        return (recorded, drops);
    }

    /// <summary>What a command's end says about the host.</summary>
    private static void Settle(Agent agent, Command command, ResultReport report, DateTimeOffset now)
    {
        Intent.Ended(command, agent);
        // A legacy agent has no observed block; its report is all it ever says of its containment.
        if (agent.Legacy && command.IsNetwork && report.Outcome == Outcome.Executed)
        {
            agent.Isolated = command.Name == Contracts.Commands.CommandNames.NetworkIsolate;
            agent.IsolatedSince = agent.Isolated == true ? now : null;
        }
    }

    /// <summary>Which of these reports, if they were dropped before, already stand in the trail: a lost reply brings them again.</summary>
    private static async Task<HashSet<string>> ToldBeforeAsync(
        HubWrite write, Agent agent, IReadOnlyList<ResultReport> results, Dictionary<Guid, Command> known, CancellationToken ct)
    {
        var keys = results.Where(r => known.GetValueOrDefault(r.Uid) is not { } c || c.AgentMade || c.AgentId != agent.Id).Select(r => KeyOf(agent, r)).Distinct().ToList();
        return keys.Count == 0 ? [] : (await write.Db.Audit.Where(a => a.Once != null && keys.Contains(a.Once)).Select(a => a.Once!).ToListAsync(ct)).ToHashSet();
    }

    private static string KeyOf(Agent agent, ResultReport report) => $"{agent.Id}/dropped/{report.Uid:D}/{Words.Of(report.Outcome)}";

    /// <summary>True when it was news.</summary>
    private static bool TellOnce(HubWrite write, Agent agent, ResultReport report, string action, string target, HashSet<string> told)
    {
        var key = KeyOf(agent, report);
        if (!told.Add(key))
            return false;
        Tell(write, agent, report, action, target, key);
        return true;
    }

    private static void Tell(HubWrite write, Agent agent, ResultReport report, string action, string target, string? once = null) =>
        write.Audit($"agent:{agent.Id}", action, target, Words.Of(report.Outcome),
            JsonSerializer.Serialize(report, WireJson.Default.ResultReport), once: once);
}
