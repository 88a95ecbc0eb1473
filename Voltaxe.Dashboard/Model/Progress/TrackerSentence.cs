using System.Globalization;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;

namespace Voltaxe.Dashboard.Model.Progress;

/// <summary>What is known about a command in one sentence. It claims only what a stamp or the agent's word stands behind.</summary>
public static class TrackerSentence
{
    public static string Of(CommandView c) => c.Status switch
    {
        CommandStatus.AwaitingApproval => "Waits for a second person to approve it. The host has not been told.",
        CommandStatus.Pending when c.NotBefore is { } due => $"Queued for {Time(due)}. The host has not been told.",
        CommandStatus.Pending => "Queued. Waiting for the host to take it; nothing has happened there.",
        CommandStatus.Delivered => Delivered(c),
        CommandStatus.Executed => Executed(c),
        CommandStatus.Failed => "The agent reports that it could not carry this out.",
        CommandStatus.Rejected => "The agent refused it before any effect.",
        CommandStatus.Cancelled => "Withdrawn, without effect.",
        CommandStatus.Expired => "Its time passed, without effect.",
        CommandStatus.Superseded => c.SupersededBy is { } by
            ? string.Create(CultureInfo.InvariantCulture, $"Replaced by #{by} before it had any effect.")
            : "Replaced by a newer order before it had any effect.",
        CommandStatus.Denied => "The approver said no. The host was never told.",
        CommandStatus.Unknown => Unknown(c.UnknownWhy),
        _ => throw new ArgumentOutOfRangeException(nameof(c), c.Status, "not a state of a command"),
    };

    private static string Delivered(CommandView c)
    {
        var where = c switch
        {
            { ReceivedAt: not null, StartedAt: not null } => "Running on the host.",
            { ReceivedAt: not null } => "The agent has it and has not reported a start.",
            _ => "Handed over; the agent has not confirmed it yet.",
        };
        return c.CancelRequestedAt is null ? where : $"Cancel requested; the agent has the last word. {where}";
    }

    private static string Executed(CommandView c) => c switch
    {
        _ when DryRun.Made(c) => "A dry run: the agent pretended to carry this out. Nothing was done on the host.",
        { VerifiedAt: { } at } => $"The agent reports it carried out, and proved the effect at {Time(at)}.",
        _ when c.Command == CommandNames.NetworkIsolate => "The agent reports it carried out. The effect is not proven.",
        _ => "The agent reports it carried out.",
    };

    private static string Unknown(UnknownWhy? why)
    {
        var because = why switch
        {
            UnknownWhy.NoReport => "no report came",
            UnknownWhy.AgentCrash => "the agent crashed while it ran",
            UnknownWhy.JournalLost => "the agent lost its journal",
            UnknownWhy.AgentRetired => "the agent was retired",
            _ => "the reason is not known",
        };
        return $"Handed out, and nobody can say whether it had its effect: {because}. This corrects itself if the truth arrives.";
    }

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
}
