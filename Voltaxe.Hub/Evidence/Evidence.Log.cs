namespace Voltaxe.Hub.Evidence;

internal static partial class EvidenceLog
{
    [LoggerMessage(4001, LogLevel.Information, "Evidence of agent {AgentId} for {Uid} was not taken: {Why}")]
    public static partial void NotTaken(this ILogger log, string agentId, Guid uid, string why);

    [LoggerMessage(4002, LogLevel.Information, "Evidence {Id} was begun and not finished by agent {AgentId}, which now sends another file of that name; the part was discarded")]
    public static partial void Discarded(this ILogger log, string id, string agentId);

    [LoggerMessage(4004, LogLevel.Error, "Evidence {Id} had {Promised} bytes and now has {Length}: the vault lost some. The agent is asked for them again")]
    public static partial void DiskLost(this ILogger log, string id, long promised, long length);

    [LoggerMessage(4005, LogLevel.Error, "Evidence {Id} is complete, but the vault does not hold it as it came; is its folder there, and shared by all nodes?")]
    public static partial void Missing(this ILogger log, Exception? exception, string id);

    [LoggerMessage(4006, LogLevel.Information, "Evidence past its time: {Removed} removed, and {Orphans} files that no row told of")]
    public static partial void Swept(this ILogger log, int removed, int orphans);

    [LoggerMessage(4007, LogLevel.Error, "A pass over the vault failed and is done again in an hour")]
    public static partial void PassFailed(this ILogger log, Exception exception);

    [LoggerMessage(4003, LogLevel.Error, "The vault failed at evidence {Id}")]
    public static partial void VaultFailed(this ILogger log, Exception exception, string id);
}
