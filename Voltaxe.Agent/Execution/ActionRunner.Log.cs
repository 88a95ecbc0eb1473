using Microsoft.Extensions.Logging;

namespace Voltaxe.Agent.Execution;

public sealed partial class ActionRunner
{
    [LoggerMessage(2100, LogLevel.Error, "[COMMAND RESULT] {Command} {Uid} broke off")]
    private partial void ActionThrew(Exception error, string command, Guid uid);
}
