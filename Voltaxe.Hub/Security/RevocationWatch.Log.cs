namespace Voltaxe.Hub.Security;

public sealed partial class RevocationWatch
{
    [LoggerMessage(700, LogLevel.Warning, "Could not look for revoked agents; trying again in 2 s")]
    private partial void LogFailed(Exception exception);
}
