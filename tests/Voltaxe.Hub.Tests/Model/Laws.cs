using Voltaxe.Agent.Execution.Ledgers;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Domain;

namespace Voltaxe.Hub.Tests.Model;

/// <summary>What must hold in every world, and over every step. Written from the protocol, not from the code that it judges.</summary>
internal static class Laws
{
    /// <summary>What is broken, or null.</summary>
    public static string? BrokenIn(World world)
    {
        if (world.Broken is { } broken)
            return broken;
        foreach (var command in world.Commands)
        {
            var effects = world.Effects[(int)command.Id - 1];
            if (effects > 1)
                return $"command {command.Id} changed the host {effects} times";
            var lies = command.Status switch
            {
                CommandStatus.Executed => effects != 1,
                CommandStatus.Delivered or CommandStatus.Unknown => false,
                _ => effects != 0,
            };
            if (lies)
                return $"command {command.Id} is shown as {command.Status} and changed the host {effects} times";
            if (command.Status is CommandStatus.Pending or CommandStatus.AwaitingApproval && command.Attempt > 0)
                return $"command {command.Id} is {command.Status} after it was handed out";
            if (command.IsTerminal != command.FinishedAt is not null || command.Status is CommandStatus.Executed or CommandStatus.Failed or CommandStatus.Rejected && !command.AgentMade)
                return $"command {command.Id} is {command.Status} without what belongs to that";
        }
        return InJournal(world);
    }

    private static string? InJournal(World world)
    {
        foreach (var running in world.Running)
        {
            if (world.Ledger.Find(World.UidOf(running.Command)) is not { State: EntryState.Started })
                return $"command {running.Command + 1} runs, but the journal does not say that it started";
            if (world.Running.Count(r => CommandNames.LaneOf(world.Commands[r.Command].Name) == CommandNames.LaneOf(world.Commands[running.Command].Name)) > 1)
                return "two actions run in one lane";
        }
        foreach (var entry in world.Ledger.Entries.Values)
        {
            var effects = world.Effects[World.IndexOf(entry.Uid)];
            if (entry.State is EntryState.Seen or EntryState.Received && effects != 0)
                return $"command {World.IndexOf(entry.Uid) + 1} changed the host before its start was on the disk";
            if (entry.Result is { } result && result.Outcome != Outcome.Unknown && effects != (result.Outcome == Outcome.Executed ? 1 : 0))
                return $"command {World.IndexOf(entry.Uid) + 1} is journalled as {result.Outcome} and changed the host {effects} times";
        }
        return null;
    }

    /// <summary>What a step did that no step may do, or null.</summary>
    public static string? BrokenBetween(World before, World after)
    {
        for (var i = 0; i < before.Commands.Length; i++)
        {
            var (was, now) = (before.Commands[i], after.Commands[i]);
            if (was.Status != now.Status && !MayFollow(was, now))
                return $"command {was.Id} went from {was.Status} to {now.Status}";
            if (now.Attempt < was.Attempt || now.Seq != was.Seq && was.Seq is not null)
                return $"command {was.Id} lost an attempt or its place in the order";
            if (now.Attempt > was.Attempt && (was.CancelRequestedAt is not null || was.IsTerminal))
                return $"command {was.Id} was handed out although it is {was.Status} or asked to end";
            if (after.Effects[i] > before.Effects[i] && was.AgentMade)
                return $"command {was.Id} changed the host after the agent had said how it ended";
        }
        if (after.Commands.Length > before.Commands.Length && after.Commands[^1].Name == CommandNames.NetworkIsolate
            && after.Commands.FirstOrDefault(c => c is { Name: CommandNames.NetworkRestore, IsTerminal: false, IsDue: false }) is { } waiting)
            return $"restore {waiting.Id} still waits, although an isolate was created after it";
        return after.Commands.Where(c => c.IsNetwork && c.Status == CommandStatus.Pending && c.IsDue).Skip(1).Any()
            ? "two network commands are pending"
            : null;
    }

    private static bool MayFollow(Command was, Command now) => (was.Status, now.Status) switch
    {
        (CommandStatus.AwaitingApproval, CommandStatus.Pending or CommandStatus.Denied) => true,
        (CommandStatus.AwaitingApproval or CommandStatus.Pending, CommandStatus.Cancelled or CommandStatus.Expired or CommandStatus.Superseded) => !now.AgentMade,
        // A claim lets time pass first, and approval makes due: still one move each, but a step may hand out what it approved.
        (CommandStatus.Pending, CommandStatus.Delivered) => now.Attempt == was.Attempt + 1,
        (CommandStatus.Delivered, CommandStatus.Unknown) => true,
        (CommandStatus.Delivered, _) => now.AgentMade && now.IsTerminal,
        // The database never goes back in time here, so the only conclusion that a report can correct is this one.
        (CommandStatus.Unknown, _) => !was.AgentMade && now.AgentMade && now.IsTerminal,
        _ => false,
    };
}
