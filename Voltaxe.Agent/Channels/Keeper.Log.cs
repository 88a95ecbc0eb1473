using Microsoft.Extensions.Logging;

namespace Voltaxe.Agent.Channels;

public sealed partial class Keeper
{
    [LoggerMessage(3000, LogLevel.Information, "Connected to {Hub}")]
    private partial void Connected(Uri hub);

    [LoggerMessage(3001, LogLevel.Warning, "No socket to {Hub}: {Why}")]
    private partial void SocketAway(Uri hub, string why);

    [LoggerMessage(3004, LogLevel.Warning, "The socket is lost: {Why}")]
    private partial void SocketLost(string why);

    [LoggerMessage(3002, LogLevel.Debug, "[COMMAND POLL] Polling for commands")]
    private partial void Polling();

    [LoggerMessage(3003, LogLevel.Warning, "[COMMAND POLL] {Hub} cannot be polled: {Why}")]
    private partial void PollFailed(Uri hub, string why);
}
