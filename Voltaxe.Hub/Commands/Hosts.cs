using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Voltaxe.Contracts.Json;
using Voltaxe.Hub.Persistence;
using Voltaxe.Hub.Pipeline;

namespace Voltaxe.Hub.Commands;

/// <summary>From what operators call hosts to agent ids.</summary>
public static class Hosts
{
    /// <summary>The agents of these names or ids, in the order given, each once; a refusal that names those there are none of.</summary>
    public static async Task<Result<IReadOnlyList<string>>> FindAsync(HubDb db, IReadOnlyList<string> hosts, CancellationToken ct)
    {
        var keys = hosts.Select(h => h.ToLowerInvariant()).Distinct().ToList();
        var found = await db.Agents.AsNoTracking()
            .Where(a => a.RevokedAt == null && (keys.Contains(a.HostnameKey) || keys.Contains(a.Id)))
            .Select(a => new { a.Id, a.HostnameKey }).ToListAsync(ct);
        var byKey = found.SelectMany(a => new[] { (a.HostnameKey, a.Id), (a.Id, a.Id) }).Distinct().ToDictionary(p => p.Item1, p => p.Item2);
        var missing = hosts.Where(h => !byKey.ContainsKey(h.ToLowerInvariant())).Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        if (missing.Count > 0)
            return Unknown(missing);
        return keys.Select(k => byKey[k]).Distinct().ToList();
    }

    public static Refusal Unknown(IReadOnlyList<string> hosts) =>
        new(404, "unknown_hosts", "Unknown or revoked: " + string.Join(", ", hosts), new Dictionary<string, string[]> { ["hosts"] = [.. hosts] });

    /// <summary>The agents that carry any of these tags.</summary>
    public static async Task<Result<IReadOnlyList<string>>> TaggedAsync(HubDb db, IReadOnlyList<string> tags, int most, CancellationToken ct)
    {
        var tagged = await db.Agents.AsNoTracking().Where(a => a.RevokedAt == null && a.Tags != "[]").OrderBy(a => a.Id)
            .Select(a => new { a.Id, a.Tags }).ToListAsync(ct);
        var ids = tagged.Where(a => JsonSerializer.Deserialize(a.Tags, WireJson.Default.StringArray)!.Intersect(tags, StringComparer.OrdinalIgnoreCase).Any())
            .Select(a => a.Id).ToList();
        return ids.Count switch
        {
            0 => new Refusal(404, "unknown_hosts", "No host carries any of these tags.", new Dictionary<string, string[]> { ["tags"] = [.. tags] }),
            _ when ids.Count > most => Refusal.Invalid("tags", $"match {ids.Count} hosts; at most {most} can be addressed at once"),
            _ => ids,
        };
    }
}
