using System.Collections.Immutable;
using Voltaxe.Contracts.Commands;
using Voltaxe.Hub.Domain;

namespace Voltaxe.Hub.Tests.Model;

/// <summary>What can happen in a world, and what it comes to.</summary>
internal static class Steps
{
    /// <summary>Every step that is possible now, with the world after it.</summary>
    public static void All(World world, List<(Step Step, World After)> into)
    {
        into.Clear();
        foreach (var step in Possible(world))
        {
            var after = Take(world, step, out var written);
            if (after is null)
                continue;
            into.Add((step, after));
            if (world.Left.Crashes == 0)
                continue;
            for (var records = 1; records < written; records++)
                into.Add((step with { DiesAfter = records }, Take(world, step with { DiesAfter = records }, out _)!));
        }
    }

    public static IEnumerable<Step> Possible(World w)
    {
        var left = w.Left;
        if (w.Commands.Length < w.Scenario.Wishes.Count)
            yield return new(Kind.Create, w.Commands.Length);
        for (var i = 0; i < w.Commands.Length; i++)
        {
            var command = w.Commands[i];
            if (command.Status == CommandStatus.AwaitingApproval)
            {
                yield return new(Kind.Approve, i);
                yield return new(Kind.Deny, i);
            }
            if (left.Cancels > 0 && !command.IsTerminal && command.CancelRequestedAt is null)
                yield return new(Kind.Cancel, i);
        }
        if (left.Minutes > 0)
            yield return new(Kind.MinutePasses);
        if (left.Quarters > 0)
            yield return new(Kind.QuarterPasses);
        if (w.Commands.Any(c => !c.IsTerminal && (c.ExpiresAt <= w.Now || !c.IsDue)))
            yield return new(Kind.Sweep);
        if (w.Link is not null)
        {
            if (w.ToAgent.Length < w.Scenario.Room)
                yield return new(Kind.Push);
            if (left.Losses > 0)
                yield return new(Kind.PushIsLost);
        }
        for (var i = 0; i < w.ToHub.Length; i++)
        {
            yield return new(Kind.SyncArrives, i);
            if (left.Losses > 0 && w.Awaited == w.ToHub[i].Sync)
                yield return new(Kind.SyncArrivesReplyIsLost, i);
            if (left.Copies > 0)
                yield return new(Kind.SyncArrivesAndStays, i);
        }
        if (!w.Alive)
        {
            yield return new(Kind.Boots);
            yield break;
        }
        // Giving up on a reply that may still come counts as a loss.
        if (left.Syncs > 0 && w.ToHub.Length < w.Scenario.Room && (w.Awaited is null || left.Losses > 0))
            yield return new(Kind.SyncIsSent);
        if (w.Reply is not null)
            yield return new(Kind.ReplyArrives);
        for (var i = 0; i < w.ToAgent.Length; i++)
        {
            yield return new(Kind.PushArrives, i);
            if (left.Copies > 0)
                yield return new(Kind.PushArrivesAndStays, i);
        }
        for (var i = 0; i < w.Running.Length; i++)
        {
            if (w.Running[i].Acted)
            {
                yield return new(Kind.Finishes, i);
                continue;
            }
            yield return new(Kind.Acts, i);
            if (left.Failures > 0)
                yield return new(Kind.ActionFails, i);
        }
        if (left.Crashes > 0)
        {
            yield return new(Kind.ProcessDies);
            yield return new(Kind.MachineReboots);
        }
        // A journal that the hub never heard of cannot be told from a new one, should its first word come after its successor's.
        if (left.LostJournals > 0 && w.Row.Epoch == w.Ledger.Epoch)
            yield return new(Kind.JournalIsLost);
        if (left.Reconnects > 0)
            yield return new(Kind.Reconnects);
    }

    /// <summary>The world after a step; null when the step turns out to change nothing that can be seen.</summary>
    public static World? Take(World before, Step step, out int written)
    {
        var w = before.Copy();
        var left = w.Left;
        var agent = new AgentSide(w, step.DiesAfter);
        if (step.DiesAfter is not null)
            left = left with { Crashes = left.Crashes - 1 };
        written = 0;
        switch (step.Kind)
        {
            case Kind.Create: HubSide.Create(w); break;
            case Kind.Approve: HubSide.Approve(w, step.Which); break;
            case Kind.Deny: HubSide.Deny(w, step.Which); break;
            case Kind.Cancel:
                HubSide.Cancel(w, step.Which);
                left = left with { Cancels = left.Cancels - 1 };
                break;
            case Kind.MinutePasses:
                w.Seconds += 60;
                left = left with { Minutes = left.Minutes - 1 };
                break;
            case Kind.QuarterPasses:
                w.Seconds += 15 * 60;
                left = left with { Quarters = left.Quarters - 1 };
                break;
            case Kind.Sweep: HubSide.Sweep(w); break;
            case Kind.Push or Kind.PushIsLost:
                var messages = HubSide.Push(w).Where(m => !before.ToAgent.Any(m.IsSameAs)).ToList();
                if (messages.Count == 0)
                    return null;
                if (step.Kind == Kind.Push)
                    w.ToAgent = w.ToAgent.AddRange(messages);
                else
                    left = left with { Losses = left.Losses - 1 };
                break;
            case Kind.SyncIsSent:
                if (w.Awaited is not null)
                    left = left with { Losses = left.Losses - 1 };
                w.Reply = null;
                w.Awaited = AgentSide.Compose(w);
                w.ToHub = w.ToHub.Add(new(w.Awaited, w.Connection));
                left = left with { Syncs = left.Syncs - 1 };
                break;
            case Kind.SyncArrives or Kind.SyncArrivesReplyIsLost or Kind.SyncArrivesAndStays:
                var asking = w.ToHub[step.Which];
                var reply = HubSide.Sync(w, asking);
                if (step.Kind == Kind.SyncArrivesAndStays)
                    left = left with { Copies = left.Copies - 1 };
                else
                    w.ToHub = w.ToHub.RemoveAt(step.Which);
                if (step.Kind == Kind.SyncArrivesReplyIsLost)
                    left = left with { Losses = left.Losses - 1 };
                else if (w.Awaited == asking.Sync)
                    w.Reply = reply;
                if (reply is null && w.Awaited == asking.Sync)
                    w.Awaited = null;
                break;
            case Kind.ReplyArrives: agent.HandleReply(); break;
            case Kind.PushArrives or Kind.PushArrivesAndStays:
                var pushed = w.ToAgent[step.Which];
                if (step.Kind == Kind.PushArrives)
                    w.ToAgent = w.ToAgent.RemoveAt(step.Which);
                else
                    left = left with { Copies = left.Copies - 1 };
                agent.Handle(new() { HubTime = w.Now, Commands = pushed.Commands, Cancel = pushed.Cancels });
                break;
            case Kind.Acts: AgentSide.Act(w, w.Running[step.Which], fails: false); break;
            case Kind.ActionFails:
                AgentSide.Act(w, w.Running[step.Which], fails: true);
                left = left with { Failures = left.Failures - 1 };
                break;
            case Kind.Finishes: agent.Finish(w.Running[step.Which]); break;
            case Kind.ProcessDies or Kind.MachineReboots:
                AgentSide.Die(w);
                w.Boot += step.Kind == Kind.MachineReboots ? 1 : 0;
                left = left with { Crashes = left.Crashes - 1 };
                break;
            case Kind.JournalIsLost:
                AgentSide.Die(w);
                w.Ledger = Voltaxe.Agent.Execution.Ledgers.Ledger.New(World.EpochOf(int.Parse(w.Ledger.Epoch[2..], System.Globalization.CultureInfo.InvariantCulture) + 1));
                (w.Position, w.JournalWasLost) = (1, true);
                left = left with { LostJournals = left.LostJournals - 1 };
                break;
            case Kind.Boots: agent.Boot(); break;
            case Kind.Reconnects:
                w.Connection++;
                (w.Awaited, w.Reply) = (null, null);
                left = left with { Reconnects = left.Reconnects - 1 };
                break;
        }
        w.Left = left;
        written = agent.Written;
        return w;
    }
}
