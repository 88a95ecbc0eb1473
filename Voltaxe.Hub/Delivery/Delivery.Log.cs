namespace Voltaxe.Hub.Delivery;

internal static partial class DeliveryLog
{
    [LoggerMessage(2001, LogLevel.Warning, "Agent {AgentId} ({Host}) looks like a clone or a rolled-back machine; its commands are held until an admin revokes it")]
    public static partial void CloneSuspected(this ILogger log, string agentId, string host);

    [LoggerMessage(2002, LogLevel.Warning, "Agent {AgentId} ({Host}) came back with a new journal; {Count} commands that were handed out are unknown now")]
    public static partial void JournalLost(this ILogger log, string agentId, string host, int count);

    [LoggerMessage(2003, LogLevel.Warning, "Agent {AgentId} reported {Uid}, which this database never handed out: the database went back in time")]
    public static partial void DatabaseRollback(this ILogger log, string agentId, Guid uid);

    [LoggerMessage(2004, LogLevel.Warning, "Agent {AgentId}, enrolled as {Host}, calls its host {Said}; the name stays")]
    public static partial void HostnameDiffers(this ILogger log, string agentId, string host, string said);

    [LoggerMessage(2005, LogLevel.Warning, "Command {CommandId} is not sealed as this hub seals; it is never signed, and cancelled")]
    public static partial void SealBroken(this ILogger log, long commandId);

    [LoggerMessage(2006, LogLevel.Error, "A pass of the {Pass} failed and is done again")]
    public static partial void PassFailed(this ILogger log, Exception exception, string pass);

    [LoggerMessage(2007, LogLevel.Debug, "A push to {AgentId} was lost: {Reason}")]
    public static partial void PushLost(this ILogger log, string agentId, string reason);

    [LoggerMessage(2008, LogLevel.Information, "Swept: {Due} due, {Ended} past their time, {Deleted} beyond retention")]
    public static partial void Swept(this ILogger log, int due, int ended, int deleted);

    [LoggerMessage(2009, LogLevel.Warning, "The doorbell between nodes is silent ({Reason}); the scan goes on")]
    public static partial void DoorbellLost(this ILogger log, string reason);

    [LoggerMessage(2010, LogLevel.Debug, "Some sockets take long to take what was pushed; the others are not kept waiting")]
    public static partial void SlowSockets(this ILogger log);
}
