using Voltaxe.Agent.Execution.Ledgers;
using Voltaxe.Contracts.Commands;
using Voltaxe.Hub.Domain;

namespace Voltaxe.Hub.Tests.Model;

/// <summary>From here on nothing goes wrong any more: the agent runs, every message arrives, time passes. Everything must come to a true end.</summary>
internal static class Healing
{
    private const int Rounds = 8;

    /// <summary>What did not come right, or null.</summary>
    public static string? Fails(World world)
    {
        var w = world.Copy();
        w.Left = default;
        (w.ToHub, w.ToAgent, w.Reply, w.Awaited) = ([], [], null, null);
        var due = w.Commands.Where(c => c.IsDue).Select(c => (int)c.Id - 1).ToList();
        for (var round = 0; round < Rounds; round++)
            w = Round(w, 60);
        if (Laws.BrokenIn(w) is { } broken)
            return "healing: " + broken;
        if (w.Row.HeldBecause is null && !w.JournalWasLost)
        {
            foreach (var command in due.Select(i => w.Commands[i]))
            {
                if (!command.IsTerminal)
                    return $"command {command.Id} is still {command.Status} after {Rounds} good minutes";
                if (command is { Status: CommandStatus.Unknown, UnknownWhy: UnknownWhy.NoReport, AgentMade: false } && command.Epoch == w.Row.Epoch)
                    return $"command {command.Id} is still unknown although its agent could say";
            }
        }
        for (var quarter = 0; quarter < 4; quarter++)
            w = Round(w, 15 * 60);
        return Laws.BrokenIn(w) is { } late ? "healing: " + late : AtTheEnd(w);
    }

    private static string? AtTheEnd(World w)
    {
        foreach (var command in w.Commands)
        {
            if (!command.IsTerminal)
                return $"command {command.Id} never ends: {command.Status}";
            if (w.Ledger.Find(command.Uid) is { State: EntryState.Finished } entry
                && (CommandLifecycle.StatusOf(entry.Result!.Outcome) != command.Status || entry.IsOpen))
                return $"command {command.Id} is shown as {command.Status}, its agent says {entry.Result.Outcome}";
        }
        // The last intent that came to be decides what the host is.
        var last = w.Commands.Where(c => c.IsNetwork && c.Status == CommandStatus.Executed).MaxBy(c => c.Seq);
        var anyoneKnows = !w.JournalWasLost && !w.Commands.Any(c => c.IsNetwork && c.Status == CommandStatus.Unknown && c.Seq > last?.Seq);
        if (last is not null && anyoneKnows && w.Isolated != (last.Name == CommandNames.NetworkIsolate))
            return $"command {last.Id} is the last intent, but the host is {(w.Isolated ? "isolated" : "free")}";
        var superseded = w.Commands.FirstOrDefault(c => c.Status == CommandStatus.Superseded && !w.Commands.Any(n => n.IsNetwork && n.Id != c.Id && (n.Seq is null || n.Seq > (c.Seq ?? 0))));
        return superseded is null ? null : $"command {superseded.Id} is superseded by nothing";
    }

    private static World Round(World w, int seconds)
    {
        var steps = new List<Kind> { Kind.Boots, Kind.SyncIsSent, Kind.SyncArrives, Kind.ReplyArrives, Kind.Push, Kind.PushArrives };
        foreach (var kind in steps)
            w = Work(TakeIfPossible(w, kind));
        w = w.Copy();
        w.Seconds += seconds;
        return TakeIfPossible(w, Kind.Sweep);
    }

    /// <summary>The agent does all that it has begun.</summary>
    private static World Work(World w)
    {
        while (w.Alive && w.Running.Length > 0)
            w = Steps.Take(w, new(w.Running[0].Acted ? Kind.Finishes : Kind.Acts), out _)!;
        return w;
    }

    private static World TakeIfPossible(World w, Kind kind)
    {
        if (kind == Kind.SyncIsSent)
        {
            w = w.Copy();
            w.Left = new Budget { Syncs = 1 };
        }
        return Steps.Possible(w).FirstOrDefault(s => s.Kind == kind) is { } step && step.Kind == kind ? Steps.Take(w, step, out _) ?? w : w;
    }
}
