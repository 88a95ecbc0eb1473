using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;

namespace Voltaxe.Dashboard.Model.Progress;

/// <summary>
/// Which of two pictures of one command is the later. A list, a look-up and the stream of changes may overtake each other; a command
/// only ever moves forward, so the one that is further along wins, whichever came last.
/// </summary>
public static class CommandFreshness
{
    public static bool IsOlder(CommandView candidate, CommandView than)
    {
        if (Rank(candidate.Status) != Rank(than.Status))
            return Rank(candidate.Status) < Rank(than.Status);
        if (candidate.Attempt != than.Attempt)
            return candidate.Attempt < than.Attempt;
        return Stamps(candidate) < Stamps(than);
    }

    /// <summary>Unknown comes before the other ends: the agent's late word may still replace it, and nothing replaces that.</summary>
    private static int Rank(CommandStatus status) => status switch
    {
        CommandStatus.AwaitingApproval => 0,
        CommandStatus.Pending => 1,
        CommandStatus.Delivered => 2,
        CommandStatus.Unknown => 3,
        _ => 4,
    };

    private static int Stamps(CommandView c)
    {
        DateTimeOffset?[] stamps =
            [c.ApprovedAt, c.DeliveredAt, c.ReceivedAt, c.StartedAt, c.ExecutedAt, c.VerifiedAt, c.FinishedAt, c.CancelRequestedAt];
        return stamps.Count(s => s is not null);
    }
}
