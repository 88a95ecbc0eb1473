using Voltaxe.Contracts.Commands;

namespace Voltaxe.Dashboard.Model.Looks;

/// <summary>A command's state in the protocol's own words.</summary>
public static class StatusLook
{
    public static Look Of(CommandStatus status) => status switch
    {
        CommandStatus.AwaitingApproval => new("Awaiting approval", Glyph.Person, Tone.Warn),
        CommandStatus.Pending => new("Pending", Glyph.Clock, Tone.Info),
        CommandStatus.Delivered => new("Delivered", Glyph.Send, Tone.Info),
        CommandStatus.Executed => new("Executed", Glyph.Check, Tone.Good),
        CommandStatus.Failed => new("Failed", Glyph.Cross, Tone.Bad),
        CommandStatus.Rejected => new("Rejected", Glyph.Ban, Tone.Bad),
        CommandStatus.Cancelled => new("Cancelled", Glyph.Slash, Tone.Neutral),
        CommandStatus.Expired => new("Expired", Glyph.Hourglass, Tone.Neutral),
        CommandStatus.Superseded => new("Superseded", Glyph.Layers, Tone.Neutral),
        CommandStatus.Denied => new("Denied", Glyph.Ban, Tone.Neutral),
        CommandStatus.Unknown => new("Unknown", Glyph.Question, Tone.Warn),
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, "not a state of a command"),
    };

    /// <summary>States from which a command still moves on its own.</summary>
    public static IReadOnlyList<CommandStatus> Open { get; } =
        [CommandStatus.AwaitingApproval, CommandStatus.Pending, CommandStatus.Delivered];

    /// <summary>States in which it stays.</summary>
    public static IReadOnlyList<CommandStatus> Ended { get; } = [.. Enum.GetValues<CommandStatus>().Except(Open)];

    public static bool IsOpen(CommandStatus status) => Open.Contains(status);
}
