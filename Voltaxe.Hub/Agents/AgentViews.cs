using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Operators;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Domain;
using Voltaxe.Hub.Persistence;

namespace Voltaxe.Hub.Agents;

/// <summary>Agents as operators see them: the rows, and what this node saw since they were written.</summary>
public sealed class AgentViews(HubOptions options, PresenceBoard presence, HubClock clock)
{
    private sealed record OpenCommand(string AgentId, string Name, CommandStatus Status);

    /// <summary>The agents of these ids that are not revoked; all with null.</summary>
    public async Task<IReadOnlyList<AgentView>> LoadAsync(HubDb db, IReadOnlyCollection<string>? ids, CancellationToken ct)
    {
        var agents = db.Agents.AsNoTracking().Where(a => a.RevokedAt == null);
        var open = db.OpenCommands.AsNoTracking();
        if (ids is not null)
        {
            agents = agents.Where(a => ids.Contains(a.Id));
            open = open.Where(c => ids.Contains(c.AgentId));
        }
        var commands = (await open.Select(c => new OpenCommand(c.AgentId, c.Name, c.Status)).ToListAsync(ct)).ToLookup(c => c.AgentId);
        return [.. (await agents.OrderBy(a => a.HostnameKey).ToListAsync(ct)).Select(a => Of(a, [.. commands[a.Id]]))];
    }

    private AgentView Of(Agent agent, IReadOnlyList<OpenCommand> open)
    {
        var (lastSeen, onSocket) = (agent.LastSeenAt, agent.OnSocket);
        if (presence.Find(agent.Id) is { } entry)
        {
            lock (entry.Gate)
            {
                if (entry.LastSeen is { } seen && (lastSeen is null || seen >= lastSeen))
                    (lastSeen, onSocket) = (seen, entry.OnSocket);
            }
        }
        var containment = ContainmentOf(agent, open);
        var drift = containment is Containment.Normal or Containment.Isolated && agent.Drifts;
        return new AgentView
        {
            Id = agent.Id,
            Host = agent.Hostname,
            Os = agent.Os,
            Version = agent.Version,
            Legacy = agent.Legacy,
            Presence = PresenceBoard.Judge(lastSeen, onSocket, options.PollSeconds, clock.Now),
            LastSeen = lastSeen,
            Containment = containment,
            Drift = drift,
            DriftSince = drift ? agent.DriftSince : null,
            Observed = agent.Isolated is { } isolated ? new Observed(isolated, agent.IsolatedSince, agent.IsolationVerifiedAt, agent.Rules ?? RulesState.None) : null,
            ClockSkew = agent.ClockSkewSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            Capabilities = agent.Legacy ? CommandNames.All : JsonSerializer.Deserialize(agent.Capabilities, WireJson.Default.StringArray)!,
            Tags = JsonSerializer.Deserialize(agent.Tags, WireJson.Default.StringArray)!,
            OpenCommands = open.Count,
            Degraded = agent.HeldBecause ?? agent.Degraded,
        };
    }

    private static Containment ContainmentOf(Agent agent, IReadOnlyList<OpenCommand> open)
    {
        if (agent.Isolated is not { } isolated)
            return Containment.Unknown;
        var asked = open.Where(c => c.Status != CommandStatus.AwaitingApproval).Select(c => c.Name).ToHashSet();
        if (!isolated && asked.Contains(CommandNames.NetworkIsolate))
            return Containment.Isolating;
        if (isolated && asked.Contains(CommandNames.NetworkRestore) && !asked.Contains(CommandNames.NetworkIsolate))
            return Containment.Restoring;
        return isolated ? Containment.Isolated : Containment.Normal;
    }
}
