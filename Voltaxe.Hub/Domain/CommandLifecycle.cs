using System.Text;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Hub.Domain;

/// <summary>What makes a command change its state.</summary>
public enum Cause
{
    /// <summary>A second person said yes.</summary>
    Approved,
    /// <summary>A second person said no.</summary>
    Denied,
    /// <summary>A claim handed it to the agent, for the first time or again.</summary>
    HandedOut,
    /// <summary>An operator or a revocation withdrew it before any hand-out.</summary>
    Withdrawn,
    /// <summary>Its time, or its time for approval, passed before any hand-out.</summary>
    TimePassed,
    /// <summary>A newer network command replaced it before any hand-out.</summary>
    Overtaken,
    /// <summary>The agent reported how it ended.</summary>
    Reported,
    /// <summary>The agent kept silent for too long after a hand-out.</summary>
    Silence,
    /// <summary>The agent came back with a new journal, or was revoked, after a hand-out.</summary>
    AgentLost,
    /// <summary>The agent's report contradicts what the hub alone had concluded; the report wins.</summary>
    Corrected,
}

/// <summary>The one table of legal moves. Nothing else knows which state may follow which.</summary>
public static class CommandLifecycle
{
    /// <summary>What an agent can report, as the state that it leads to.</summary>
    public static IReadOnlyList<CommandStatus> Reportable { get; } =
    [
        CommandStatus.Executed, CommandStatus.Failed, CommandStatus.Rejected, CommandStatus.Cancelled,
        CommandStatus.Expired, CommandStatus.Superseded, CommandStatus.Unknown,
    ];

    /// <summary>States that the hub can have concluded alone, so that a report may still correct them.</summary>
    private static readonly CommandStatus[] Correctable =
    [
        CommandStatus.AwaitingApproval, CommandStatus.Pending, CommandStatus.Cancelled, CommandStatus.Expired,
        CommandStatus.Superseded, CommandStatus.Denied, CommandStatus.Unknown,
    ];

    public static IReadOnlySet<LegalMove> Moves { get; } = new HashSet<LegalMove>(
    [
        new(CommandStatus.AwaitingApproval, CommandStatus.Pending, Cause.Approved),
        new(CommandStatus.AwaitingApproval, CommandStatus.Denied, Cause.Denied),
        .. From([CommandStatus.AwaitingApproval, CommandStatus.Pending], CommandStatus.Cancelled, Cause.Withdrawn),
        .. From([CommandStatus.AwaitingApproval, CommandStatus.Pending], CommandStatus.Expired, Cause.TimePassed),
        .. From([CommandStatus.AwaitingApproval, CommandStatus.Pending], CommandStatus.Superseded, Cause.Overtaken),
        .. From([CommandStatus.Pending, CommandStatus.Delivered], CommandStatus.Delivered, Cause.HandedOut),
        .. Reportable.Select(to => new LegalMove(CommandStatus.Delivered, to, Cause.Reported)),
        new(CommandStatus.Delivered, CommandStatus.Unknown, Cause.Silence),
        new(CommandStatus.Delivered, CommandStatus.Unknown, Cause.AgentLost),
        .. Reportable.SelectMany(to => From(Correctable, to, Cause.Corrected)),
    ]);

    public static bool Allows(CommandStatus from, CommandStatus to, Cause cause) => Moves.Contains(new(from, to, cause));

    public static IReadOnlyList<CommandStatus> SourcesOf(CommandStatus to, Cause cause) =>
        [.. Moves.Where(m => m.To == to && m.Cause == cause).Select(m => m.From).Order()];

    public static bool IsTerminal(CommandStatus status) =>
        status is not (CommandStatus.AwaitingApproval or CommandStatus.Pending or CommandStatus.Delivered);

    public static CommandStatus StatusOf(Outcome outcome) => outcome switch
    {
        Outcome.Executed => CommandStatus.Executed,
        Outcome.Failed => CommandStatus.Failed,
        Outcome.Rejected => CommandStatus.Rejected,
        Outcome.Cancelled => CommandStatus.Cancelled,
        Outcome.Expired => CommandStatus.Expired,
        Outcome.Superseded => CommandStatus.Superseded,
        Outcome.Unknown => CommandStatus.Unknown,
        _ => throw new ArgumentOutOfRangeException(nameof(outcome), outcome, "not an outcome of the protocol"),
    };

    /// <summary>The table as a Mermaid state diagram. What an agent can report is drawn once, behind one choice.</summary>
    public static string ToMermaid()
    {
        var text = new StringBuilder("stateDiagram-v2\n    state report <<choice>>\n    [*] --> awaiting_approval : created\n    [*] --> pending : created\n");
        foreach (var move in Moves.Where(m => !IsReport(m)).OrderBy(m => m.From).ThenBy(m => m.To).ThenBy(m => m.Cause))
            text.Append($"    {Words.Of(move.From)} --> {Words.Of(move.To)} : {Words.Of(move.Cause)}\n");
        foreach (var source in Moves.Where(IsReport).Select(m => (m.From, m.Cause)).Distinct().OrderBy(s => s.From))
            text.Append($"    {Words.Of(source.From)} --> report : {Words.Of(source.Cause)}\n");
        foreach (var to in Reportable)
            text.Append($"    report --> {Words.Of(to)}\n");
        return text.ToString();

        static bool IsReport(LegalMove move) => move.Cause is Cause.Reported or Cause.Corrected;
    }

    private static IEnumerable<LegalMove> From(IEnumerable<CommandStatus> sources, CommandStatus to, Cause cause) =>
        sources.Select(from => new LegalMove(from, to, cause));
}

/// <summary>One legal move: from, to, and why.</summary>
public readonly record struct LegalMove(CommandStatus From, CommandStatus To, Cause Cause);
