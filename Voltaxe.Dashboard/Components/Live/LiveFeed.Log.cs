using Microsoft.Extensions.Logging;

namespace Voltaxe.Dashboard.Components.Live;

internal sealed partial class LiveFeed<T>
{
    [LoggerMessage(EventId = 700, Level = LogLevel.Information, Message = "The live view of {What} ended and is opened again")]
    private static partial void LogEnded(ILogger log, string what);

    [LoggerMessage(EventId = 701, Level = LogLevel.Warning, Message = "The live view of {What} broke and is opened again")]
    private static partial void LogBroken(ILogger log, Exception exception, string what);
}
