using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Model.Looks;
using Voltaxe.Dashboard.Model.Texts;

namespace Voltaxe.Dashboard.Model.Lists;

/// <summary>The part of the fleet that the screen shows, and how much there is in all.</summary>
public sealed record FleetTable(IReadOnlyList<AgentView> Rows, Paging Paging, FleetCounts Counts)
{
    public static FleetTable Of(IReadOnlyCollection<AgentView> agents, FleetQuery query)
    {
        var fitting = agents.Where(a => Fits(a, query)).ToList();
        fitting.Sort((a, b) => Compare(a, b, query));
        var paging = Paging.Of(query.Page, query.Size, fitting.Count);
        return new([.. fitting.Skip(paging.Skip).Take(paging.Size)], paging, FleetCounts.Of(agents));
    }

    /// <summary>Whether drawing this instead of the other would change nothing.</summary>
    public bool LooksLike(FleetTable other) =>
        Counts == other.Counts && Paging == other.Paging && Rows.SequenceEqual(other.Rows, ReferenceEqualityComparer.Instance);

    /// <summary>The operating systems that there are, for the filter; made safe, because agents name them.</summary>
    public static IReadOnlyList<string> Systems(IEnumerable<AgentView> agents) =>
        [.. agents.Select(a => a.Os).OfType<string>().Distinct(StringComparer.OrdinalIgnoreCase).Take(50).Select(SystemWord).Distinct().Order(StringComparer.OrdinalIgnoreCase)];

    private static string SystemWord(string os) => SafeText.Line(os, 40);

    private static bool Fits(AgentView a, FleetQuery q) =>
        (q.Presence is null || a.Presence == q.Presence)
        && (q.Containment is null || (a.Containment == q.Containment && !ContainmentLook.IsDryRun(a)))
        && (!q.DryRunOnly || ContainmentLook.IsDryRun(a))
        && (!q.DriftOnly || a.Drift)
        && (q.Os.Length == 0 || (a.Os is { } os && string.Equals(SystemWord(os), q.Os, StringComparison.OrdinalIgnoreCase)))
        && (q.Search.Length == 0 || Mentions(a, q.Search.Trim()));

    private static bool Mentions(AgentView a, string search) =>
        new[] { a.Host, a.Id, a.Os, a.Version }.Concat(a.Tags).Any(t => t?.Contains(search, StringComparison.OrdinalIgnoreCase) == true);

    private static int Compare(AgentView a, AgentView b, FleetQuery q)
    {
        var order = q.Sort switch
        {
            FleetSort.Presence => a.Presence.CompareTo(b.Presence),
            FleetSort.Containment => a.Containment.CompareTo(b.Containment),
            FleetSort.Os => string.Compare(a.Os, b.Os, StringComparison.OrdinalIgnoreCase),
            FleetSort.Version => string.Compare(a.Version, b.Version, StringComparison.OrdinalIgnoreCase),
            FleetSort.LastSeen => Nullable.Compare(a.LastSeen, b.LastSeen),
            FleetSort.InFlight => a.OpenCommands.CompareTo(b.OpenCommands),
            _ => 0,
        };
        if (order == 0)
            order = string.Compare(a.Host, b.Host, StringComparison.OrdinalIgnoreCase);
        if (order == 0)
            order = string.CompareOrdinal(a.Id, b.Id);
        return q.Descending ? -order : order;
    }
}

/// <summary>How many hosts there are of what matters, whatever is filtered. A dry run isolates nobody.</summary>
public sealed record FleetCounts(int All, int Live, int Polling, int Silent, int Isolated, int Drift, int InFlight)
{
    public static FleetCounts Of(IReadOnlyCollection<AgentView> agents)
    {
        int live = 0, polling = 0, isolated = 0, drift = 0, inFlight = 0;
        foreach (var a in agents)
        {
            live += a.Presence == Presence.Live ? 1 : 0;
            polling += a.Presence == Presence.Polling ? 1 : 0;
            isolated += a.Containment == Containment.Isolated && !ContainmentLook.IsDryRun(a) ? 1 : 0;
            drift += a.Drift ? 1 : 0;
            inFlight += a.OpenCommands;
        }
        return new(agents.Count, live, polling, agents.Count - live - polling, isolated, drift, inFlight);
    }
}
