using Microsoft.EntityFrameworkCore;
using Voltaxe.Contracts.Commands;
using Voltaxe.Hub.Domain;
using Voltaxe.Hub.Persistence;

namespace Voltaxe.Hub.Agents;

/// <summary>The end of an agent, by an admin's hand or because another key takes its name. Its key never comes back.</summary>
public static class Retirement
{
    /// <summary>
    /// Revokes it: what was never handed out is cancelled, what was is unknown, and its tokens are gone. Announce the id to
    /// <see cref="Security.AgentRevocations"/> after the commit.
    /// </summary>
    /// <param name="write">The unit of work.</param>
    /// <param name="agent">Locked by it.</param>
    /// <param name="actor">As in the audit trail.</param>
    /// <param name="why">Snake_case, for the trail.</param>
    /// <param name="ct">Ends the wait.</param>
    public static async Task ApplyAsync(HubWrite write, Agent agent, string actor, string why, CancellationToken ct)
    {
        agent.RevokedAt = write.Now;
        agent.MayBeReplaced = false;
        // At once, not with the rest: a newcomer's row that takes the name may reach the database first.
        await write.Db.Agents.Where(a => a.Id == agent.Id).ExecuteUpdateAsync(set => set.SetProperty(a => a.RevokedAt, write.Now), ct);
        await write.Db.AgentTokens.Where(t => t.AgentId == agent.Id).ExecuteDeleteAsync(ct);
        int cancelled = 0, unknown = 0;
        foreach (var command in await write.OpenCommandsAsync([agent.Id], ct))
        {
            if (command.Status == CommandStatus.Delivered)
            {
                command.GiveUp(UnknownWhy.AgentRetired, write.Now);
                unknown++;
            }
            else
            {
                command.Withdraw(actor, write.Now);
                cancelled++;
            }
        }
        var detail = new System.Text.Json.Nodes.JsonObject { ["hostname"] = agent.Hostname, ["why"] = why, ["cancelled"] = cancelled, ["unknown"] = unknown };
        write.Audit(actor, "agent_revoked", "agent:" + agent.Id, "done", detail.ToJsonString());
    }
}
