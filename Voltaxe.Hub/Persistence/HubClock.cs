using Voltaxe.Contracts.Json;

namespace Voltaxe.Hub.Persistence;

/// <summary>Hub time: this machine's clock on SQLite, the database server's on PostgreSQL. Whole microseconds.</summary>
public sealed class HubClock(TimeProvider time)
{
    private long offsetTicks;

    public TimeProvider Time => time;

    public DateTimeOffset Now => WireTime.Truncate(time.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref offsetTicks)));

    /// <summary>Corrects this node's clock to what the database server said.</summary>
    public void CorrectTo(DateTimeOffset databaseTime) => Interlocked.Exchange(ref offsetTicks, (databaseTime - time.GetUtcNow()).Ticks);
}
