using Voltaxe.Contracts.Commands;

namespace Voltaxe.Hub.Domain;

/// <summary>What the passing of hub time does to a command that is still open.</summary>
public static class Deadlines
{
    /// <summary>True when the command changed.</summary>
    public static bool Apply(Command command, DeliveryLimits limits, DateTimeOffset now)
    {
        switch (command.Status)
        {
            case CommandStatus.AwaitingApproval when command.CreatedAt + limits.ApprovalLimit <= now:
            case CommandStatus.Pending when command.ExpiresAt <= now:
                command.LetExpire(now);
                return true;
            case CommandStatus.Delivered when SilentUntil(command, limits) <= now:
                command.GiveUp(UnknownWhy.NoReport, now);
                return true;
            case CommandStatus.Delivered when !command.SeedRoute && command.CancelRequestedAt is null && command.ExpiresAt <= now:
                command.LetExpire(now);
                return true;
            default:
                return false;
        }
    }

    private static DateTimeOffset SilentUntil(Command command, DeliveryLimits limits)
    {
        if (command.SeedRoute)
            return command.HandedOutAt!.Value + limits.SeedSilenceLimit;
        var expected = command.ExpiresAt!.Value;
        if (command.StartedAt is { } started && started + DeliveryLimits.RunLimitOf(command.Name) > expected)
            expected = started + DeliveryLimits.RunLimitOf(command.Name);
        return expected + limits.SilenceLimit;
    }
}
