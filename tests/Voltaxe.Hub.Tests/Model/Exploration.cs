using System.Diagnostics;
using System.Globalization;
using System.Text;
using Voltaxe.Contracts.Commands;

namespace Voltaxe.Hub.Tests.Model;

/// <summary>Breadth first through every world that a scenario can become; what it finds first is therefore a shortest way to it.</summary>
internal sealed class Exploration(Scenario scenario)
{
    /// <summary>So that a change of the product cannot make the tests run for hours.</summary>
    private const int AtMost = 250_000;

    private readonly record struct Origin(int Parent, Step Step);

    private readonly List<Origin> origins = [];
    private readonly Dictionary<UInt128, int> known = [];

    public int States => origins.Count;
    public long Transitions { get; private set; }
    public int Healed { get; private set; }
    public HashSet<CommandStatus> Seen { get; } = [];

    /// <param name="healEvery">One world in so many, chosen by its key, is healed; each that has no step left is, always.</param>
    /// <returns>A counterexample as text, or null.</returns>
    public string? Run(int healEvery)
    {
        var key = new WorldKey();
        var queue = new Queue<(int Number, World World)>();
        var next = new List<(Step Step, World After)>();
        var first = World.New(scenario);
        known[key.Of(first)] = 0;
        origins.Add(new(-1, default));
        queue.Enqueue((0, first));
        while (queue.TryDequeue(out var at))
        {
            if (origins.Count > AtMost)
                return $"{scenario.Title}: more than {AtMost} worlds; tighten its bounds";
            Steps.All(at.World, next);
            foreach (var (step, after) in next)
            {
                Transitions++;
                if (Laws.BrokenBetween(at.World, after) is { } move)
                    return Tell(move, at.Number, step);
                var hash = key.Of(after);
                if (!known.TryAdd(hash, origins.Count))
                    continue;
                foreach (var command in after.Commands)
                    Seen.Add(command.Status);
                if (Laws.BrokenIn(after) is { } state)
                    return Tell(state, at.Number, step);
                if ((uint)hash % healEvery == 0)
                {
                    Healed++;
                    if (Healing.Fails(after) is { } stuck)
                        return Tell(stuck, at.Number, step);
                }
                queue.Enqueue((origins.Count, after));
                origins.Add(new(at.Number, step));
            }
        }
        return null;
    }

    private string Tell(string what, int parent, Step last)
    {
        var way = new List<Step> { last };
        for (var at = parent; at > 0; at = origins[at].Parent)
            way.Add(origins[at].Step);
        way.Reverse();
        return Trace.Of(scenario, what, way);
    }
}

/// <summary>A way through the worlds as text, step by step.</summary>
internal static class Trace
{
    public static string Of(Scenario scenario, string what, IReadOnlyList<Step> way)
    {
        var text = new StringBuilder().AppendLine(CultureInfo.InvariantCulture, $"{scenario.Title}: {what}");
        var world = World.New(scenario);
        for (var i = 0; i < way.Count; i++)
        {
            var before = Look(world);
            world = Steps.Take(world, way[i], out _) ?? throw new UnreachableException($"{way[i]} is no step any more");
            text.AppendLine(CultureInfo.InvariantCulture, $"  {i + 1,3} {way[i],-40} {string.Join("; ", Look(world).Except(before))}");
        }
        return text.ToString();
    }

    /// <summary>What the hub shows, what the host's journal says, and what has been done.</summary>
    private static IEnumerable<string> Look(World w) => w.Commands.Select(c =>
            $"command {c.Id} {c.Name} {c.Status}{(c.CancelWhy is { } why ? $" (asked to end: {why})" : "")}, journal {w.Ledger.Find(c.Uid)?.State.ToString() ?? "-"} {w.Ledger.Find(c.Uid)?.Result?.Outcome}, effects {w.Effects[(int)c.Id - 1]}")
        .Append(w.Row.HeldBecause is { } held ? $"held: {held}" : "not held");
}
