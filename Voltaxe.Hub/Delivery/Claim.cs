using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Domain;
using Voltaxe.Hub.Persistence;

namespace Voltaxe.Hub.Delivery;

/// <summary>
/// The one way out: under the agent row's lock, claimable commands become <c>delivered</c> and their envelopes are returned.
/// Push, sync and the seed's poll all call it.
/// </summary>
public static class Claim
{
    /// <param name="write">The transaction that holds the agent's lock.</param>
    /// <param name="agent">The locked agent.</param>
    /// <param name="open">All of its open commands, as this unit of work has them.</param>
    /// <param name="held">What it says it holds; null where it was not asked.</param>
    /// <param name="to">How it is handed out.</param>
    /// <param name="limits">Waits and sizes.</param>
    public static IReadOnlyList<Command> HandOut(
        HubWrite write, Agent agent, IReadOnlyCollection<Command> open, IReadOnlySet<Guid>? held, HandOutTo to, DeliveryLimits limits)
    {
        foreach (var command in open)
            PassTime(command, agent, limits, write.Now);
        // On the seed's route only what nobody was ever handed: whoever polls there keeps no journal to know a second copy by.
        var choice = to.SeedRoute ? open.Where(c => c.Status == CommandStatus.Pending) : open;
        var chosen = HandOutRules.Choose(agent, choice, held, limits, write.Now);
        foreach (var command in chosen)
            command.HandOut(to, write.Now);
        return chosen;
    }

    /// <summary>True when the passing of time changed the command.</summary>
    public static bool PassTime(Command command, Agent agent, DeliveryLimits limits, DateTimeOffset now)
    {
        if (!Deadlines.Apply(command, limits, now))
            return false;
        Intent.Ended(command, agent);
        return true;
    }

    public static Envelope EnvelopeOf(Command c) =>
        new(c.Id, c.Uid, c.Attempt, c.Epoch ?? "", c.Payload!, c.KeyId!, c.Signature!);

    /// <summary>
    /// What the agent is asked to end, in every reply until a result is recorded: what was asked for, and what the hub gave up on, so
    /// that an agent that returns says what became of it. Only what was handed out to its present journal, never on the seed's route.
    /// </summary>
    public static IReadOnlyList<CancelOrder> CancelsOf(Agent agent, IEnumerable<Command> commands) =>
    [
        .. commands.Where(c => c.IsAskedToEnd && !c.SeedRoute && c.Epoch == agent.Epoch)
            .OrderBy(c => c.Seq).Select(c => new CancelOrder(c.Uid, c.Epoch!, c.CancelWhy ?? CancelWhy.Expired)),
    ];
}
