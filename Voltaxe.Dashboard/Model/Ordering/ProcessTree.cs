using System.Globalization;
using Voltaxe.Contracts.Operators;

namespace Voltaxe.Dashboard.Model.Ordering;

/// <summary>A process and how deep it stands below the ones that are shown above it.</summary>
public sealed record ProcessNode(ProcessRow Process, int Depth);

/// <summary>A list of processes as a tree to choose from: children under their parents, the kernel's threads left out.</summary>
public static class ProcessTree
{
    /// <summary>Deeper ones are shown at this depth.</summary>
    public const int MaxDepth = 6;

    /// <param name="rows">What the agent said: any order, circles included.</param>
    /// <param name="filter">Only those whose pid, name, user or command line holds this text, in a flat list; null or blank: all.</param>
    public static IReadOnlyList<ProcessNode> Of(IReadOnlyList<ProcessRow> rows, string? filter)
    {
        var shown = rows.Where(r => !r.IsKernel).DistinctBy(r => r.Pid).OrderBy(r => r.Pid).ToList();
        if (!string.IsNullOrWhiteSpace(filter))
            return [.. shown.Where(r => Holds(r, filter.Trim())).Select(r => new ProcessNode(r, 0))];
        var known = shown.Select(r => r.Pid).ToHashSet();
        var children = shown.Where(r => r.Parent != r.Pid && known.Contains(r.Parent)).ToLookup(r => r.Parent);
        var nodes = new List<ProcessNode>(shown.Count);
        var placed = new HashSet<int>();
        foreach (var root in shown.Where(r => r.Parent == r.Pid || !known.Contains(r.Parent)))
            Place(root);
        // Parents that an agent said in a circle have no root; nobody is hidden by that.
        foreach (var left in shown.Where(r => !placed.Contains(r.Pid)))
            Place(left);
        return nodes;

        void Place(ProcessRow root)
        {
            var next = new Stack<ProcessNode>([new ProcessNode(root, 0)]);
            while (next.TryPop(out var node))
            {
                if (!placed.Add(node.Process.Pid))
                    continue;
                nodes.Add(node);
                foreach (var child in children[node.Process.Pid].Reverse())
                    next.Push(new ProcessNode(child, Math.Min(node.Depth + 1, MaxDepth)));
            }
        }
    }

    private static bool Holds(ProcessRow row, string text) =>
        row.Pid.ToString(CultureInfo.InvariantCulture) == text
        || new[] { row.Name, row.User, row.CommandLine }.Any(t => t?.Contains(text, StringComparison.OrdinalIgnoreCase) == true);
}
