using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Persistence;
using Voltaxe.Hub.Pipeline;

namespace Voltaxe.Hub.Delivery;

/// <summary>A reported seq so high that it would use up the numbers of its agent's commands: refused, and told of once a day.</summary>
public static class SeqAlarm
{
    public const string Rule = "must be from 0 and below 2^52";

    public static async Task<Refusal> RefuseAsync(HubWrite write, string agentId, long highestSeq, CancellationToken ct)
    {
        var once = string.Create(CultureInfo.InvariantCulture, $"{agentId}/seq_refused/{write.Now:yyyy-MM-dd}");
        if (await write.LockAgentAsync(agentId, ct) is not null && !await write.Db.Audit.AnyAsync(a => a.Once == once, ct))
            write.Audit($"agent:{agentId}", "alert_seq_refused", $"agent:{agentId}", "refused",
                string.Create(CultureInfo.InvariantCulture, $$"""{"highest_seq":{{highestSeq}}}"""), once: once);
        return Refusal.Invalid("highest_seq", Rule);
    }
}
