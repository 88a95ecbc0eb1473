using System.Text.Json;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Operators;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Hub.Domain;

/// <summary>What became of a reported result.</summary>
public enum Recorded
{
    /// <summary>It is the command's end now.</summary>
    New,
    /// <summary>It corrected what the hub alone had concluded after a hand-out (<c>unknown</c>).</summary>
    Correction,
    /// <summary>It corrected a claim of "without effect": the database went back in time.</summary>
    Rollback,
    /// <summary>Said before in the same words; the first is kept.</summary>
    Repeat,
    /// <summary>It contradicts what the agent itself said before.</summary>
    Conflict,
    /// <summary>No such command: the database went back in time.</summary>
    UnknownUid,
    /// <summary>Another agent's command: answered as if it did not exist.</summary>
    NotYours,
}

/// <summary>Records what an agent reports. Idempotent by uid and outcome.</summary>
public static class Recording
{
    public static Recorded Apply(Command? command, string agentId, ResultReport report, DateTimeOffset now)
    {
        if (command is null)
            return Recorded.UnknownUid;
        if (command.AgentId != agentId)
            return Recorded.NotYours;
        if (command.AgentMade)
            return command.Status == CommandLifecycle.StatusOf(report.Outcome) ? Recorded.Repeat : Recorded.Conflict;
        var before = command.Status;
        command.Report(report, ResultJson(report), now);
        return before switch
        {
            CommandStatus.Delivered => Recorded.New,
            CommandStatus.Unknown => Recorded.Correction,
            _ => Recorded.Rollback,
        };
    }

    private static string ResultJson(ResultReport report) => JsonSerializer.Serialize(
        new CommandResultView(report.Outcome == Outcome.Executed, report.Message, report.Data), WireJson.Default.CommandResultView);
}
