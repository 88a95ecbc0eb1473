namespace Voltaxe.Hub.Security;

public sealed partial class RefusalLog
{
    [LoggerMessage(710, LogLevel.Warning, "Could not write refusals to the audit trail; they are kept and tried again")]
    private partial void LogFailed(Exception exception);
}
