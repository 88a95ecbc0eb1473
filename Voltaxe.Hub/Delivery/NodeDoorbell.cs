using Microsoft.EntityFrameworkCore;
using Npgsql;
using Voltaxe.Hub.Persistence;

namespace Voltaxe.Hub.Delivery;

/// <summary>
/// Rings the other nodes over PostgreSQL's NOTIFY after a commit: agent ids only, in chunks below its limit. Losing a ring loses
/// nothing: the scan of <see cref="PresenceLoop"/> and <see cref="Sweeper"/> finds what waits. Also keeps hub time the database's.
/// </summary>
public sealed class NodeDoorbell : BackgroundService
{
    public const string ChannelName = "voltaxe";
    private const int IdsPerRing = 200; // 29 characters each, below NOTIFY's 8,000 bytes
    private readonly HubDbFactory factory;
    private readonly HubClock clock;
    private readonly CommitBell bell;
    private readonly ILogger<NodeDoorbell> log;
    private readonly string node = Guid.NewGuid().ToString("N")[..8];
    private readonly System.Threading.Channels.Channel<string[]> outgoing = System.Threading.Channels.Channel.CreateBounded<string[]>(
        new System.Threading.Channels.BoundedChannelOptions(1000) { FullMode = System.Threading.Channels.BoundedChannelFullMode.DropOldest, SingleReader = true });

    public NodeDoorbell(HubDbFactory factory, HubClock clock, CommitBell bell, ILogger<NodeDoorbell> log)
    {
        (this.factory, this.clock, this.bell, this.log) = (factory, clock, bell, log);
        if (!factory.IsSqlite)
            bell.Rung += Forward;
    }

    /// <summary>Asks the database server what time it is.</summary>
    public async Task CorrectClockAsync(CancellationToken ct)
    {
        await using var db = factory.Create();
        clock.CorrectTo((await db.Database.SqlQuery<DateTimeOffset>($"SELECT clock_timestamp() AS \"Value\"").ToListAsync(ct))[0]);
    }

    /// <summary>Before anything is served: a node whose own clock is wrong must not stamp its first commands with it.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (!factory.IsSqlite)
            await CorrectClockAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        factory.IsSqlite ? Task.CompletedTask : Task.WhenAll(LoopAsync(ListenAsync, stoppingToken), LoopAsync(SendAsync, stoppingToken), LoopAsync(KeepTimeAsync, stoppingToken));

    private void Forward(Committed commit)
    {
        if (commit.Elsewhere)
            return;
        foreach (var chunk in commit.Agents.Chunk(IdsPerRing))
            outgoing.Writer.TryWrite(chunk);
    }

    private async Task LoopAsync(Func<CancellationToken, Task> work, CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            try
            {
                await work(ct);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                log.DoorbellLost(e.Message);
                await Task.Delay(TimeSpan.FromSeconds(2), clock.Time, ct);
            }
        }
    }

    private async Task SendAsync(CancellationToken ct)
    {
        await foreach (var ids in outgoing.Reader.ReadAllAsync(ct))
        {
            await using var db = factory.Create();
            var payload = node + " " + string.Join(' ', ids);
            await db.Database.ExecuteSqlAsync($"SELECT pg_notify({ChannelName}, {payload})", ct);
        }
    }

    private async Task ListenAsync(CancellationToken ct)
    {
        await using var db = factory.Create();
        var text = new NpgsqlConnectionStringBuilder(db.Database.GetConnectionString()) { KeepAlive = 5, Pooling = false };
        await using var connection = new NpgsqlConnection(text.ToString());
        await connection.OpenAsync(ct);
        connection.Notification += (_, told) =>
        {
            var words = told.Payload.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length > 1 && words[0] != node)
                bell.Ring(new Committed([], words[1..], words[1..], Elsewhere: true));
        };
        await using (var listen = new NpgsqlCommand("LISTEN " + ChannelName, connection))
            await listen.ExecuteNonQueryAsync(ct);
        while (true)
            await connection.WaitAsync(ct);
    }

    private async Task KeepTimeAsync(CancellationToken ct)
    {
        await CorrectClockAsync(ct);
        await Task.Delay(TimeSpan.FromSeconds(10), clock.Time, ct);
    }
}
