using Voltaxe.Contracts.Commands;

namespace Voltaxe.Hub.Domain;

/// <summary>Which of an agent's open commands are handed out now, and in which order. Pure: the claim and the model test ask the same code.</summary>
public static class HandOutRules
{
    /// <param name="agent">Locked.</param>
    /// <param name="open">All of its commands that are not terminal.</param>
    /// <param name="held">What the agent says it holds; null on a push, where it was not asked.</param>
    /// <param name="limits">Waits and sizes.</param>
    /// <param name="now">Hub time.</param>
    public static IReadOnlyList<Command> Choose(
        Agent agent, IEnumerable<Command> open, IReadOnlySet<Guid>? held, DeliveryLimits limits, DateTimeOffset now)
    {
        if (agent.HeldBecause is not null || agent.RevokedAt is not null)
            return [];
        var ready = open.Where(c => IsClaimable(c, agent, held, limits, now)).ToList();
        var normal = ready.Where(c => c.Unheard < limits.HandOutsBeforeAlone).ToList();
        if (normal.Count > 0)
            return Fit(InOrder(normal), limits);
        // One that the agent never acknowledges goes alone, so that it cannot take the others down with it.
        return ready.OrderBy(c => c.HandedOutAt).Take(1).ToList();
    }

    private static bool IsClaimable(Command command, Agent agent, IReadOnlySet<Guid>? held, DeliveryLimits limits, DateTimeOffset now)
    {
        if (!command.IsDue || command.ExpiresAt <= now)
            return false;
        if (command.Status == CommandStatus.Pending)
            return true;
        if (command.Status != CommandStatus.Delivered || command.SeedRoute || command.CancelRequestedAt is not null || held?.Contains(command.Uid) == true)
            return false;
        var waited = now - command.HandedOutAt >= limits.PushWait(command.Unheard);
        if (command.Unheard >= limits.HandOutsBeforeAlone && !waited)
            return false;
        var pushedHere = command.PushSession is { } s && s == agent.Session;
        if (pushedHere && command.Unheard > 0)
            return waited;
        // Known not to be held: only the agent's own list can say so.
        return held is not null;
    }

    /// <summary>Each lane by seq; across lanes the most urgent head first, then the lower seq.</summary>
    public static IEnumerable<Command> InOrder(IEnumerable<Command> commands)
    {
        var lanes = commands.GroupBy(c => c.Lane).Select(g => new Queue<Command>(g.OrderBy(c => c.Seq))).ToList();
        while (lanes.Count > 0)
        {
            var next = lanes.OrderByDescending(l => l.Peek().Priority).ThenBy(l => l.Peek().Seq).First();
            yield return next.Dequeue();
            if (next.Count == 0)
                lanes.Remove(next);
        }
    }

    private static List<Command> Fit(IEnumerable<Command> ordered, DeliveryLimits limits)
    {
        var fit = new List<Command>();
        var size = 0;
        foreach (var command in ordered.Take(limits.MaxCommandsPerHandOut))
        {
            size += command.Payload!.Length;
            if (size > limits.MaxPayloadPerHandOut && fit.Count > 0)
                break;
            fit.Add(command);
        }
        return fit;
    }
}
