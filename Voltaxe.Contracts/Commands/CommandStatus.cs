using System.Text.Json.Serialization;
using Voltaxe.Contracts.Json;

namespace Voltaxe.Contracts.Commands;

/// <summary>The eleven states of a command (protocol, section 2). On the wire: the snake_case word.</summary>
[JsonConverter(typeof(SnakeCaseEnum<CommandStatus>))]
public enum CommandStatus
{
    /// <summary>A second person must say yes.</summary>
    AwaitingApproval,
    /// <summary>Durable, never handed to anyone.</summary>
    Pending,
    /// <summary>Handed out at least once; the stamps say how far it is known to be.</summary>
    Delivered,
    /// <summary>The agent reports that it was carried out.</summary>
    Executed,
    /// <summary>The agent reports that it could not be carried out.</summary>
    Failed,
    /// <summary>The agent refused it before any effect.</summary>
    Rejected,
    /// <summary>Withdrawn, without effect.</summary>
    Cancelled,
    /// <summary>Its time passed, without effect.</summary>
    Expired,
    /// <summary>A newer network command replaced it before it had any effect.</summary>
    Superseded,
    /// <summary>The approver said no.</summary>
    Denied,
    /// <summary>Handed out, and nobody can say whether it had its effect.</summary>
    Unknown,
}

/// <summary>Why a command is <see cref="CommandStatus.Unknown"/>.</summary>
[JsonConverter(typeof(SnakeCaseEnum<UnknownWhy>))]
public enum UnknownWhy { NoReport, AgentCrash, JournalLost, AgentRetired }
