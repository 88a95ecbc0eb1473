using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Model.Ordering;

namespace Voltaxe.Dashboard.Model.Progress;

/// <summary>Whether a command can still be withdrawn, and what that would mean now.</summary>
public sealed record Cancelling(string Verb, string Consequence, Availability Availability)
{
    /// <summary>Null when it has ended: there is nothing to withdraw.</summary>
    public static Cancelling? Of(CommandView command, Rights rights) => command.Status switch
    {
        CommandStatus.AwaitingApproval or CommandStatus.Pending =>
            new("Cancel", "It has not been handed out: it ends now, without effect.", May(command, rights)),
        CommandStatus.Delivered =>
            new("Ask to cancel", "It is already handed over. The agent is asked to drop it; if it has begun, it finishes and says what happened.", May(command, rights)),
        _ => null,
    };

    private static Availability May(CommandView command, Rights rights) =>
        !rights.CanCancel ? new(rights.Refusal)
        : command.CancelRequestedAt is not null ? new("Cancelling has been requested; the agent has the last word.")
        : Availability.Yes;
}
