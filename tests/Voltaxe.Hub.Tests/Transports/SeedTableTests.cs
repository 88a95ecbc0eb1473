using Npgsql;
using Voltaxe.Hub.Delivery;
using Voltaxe.Testing;
using Voltaxe.Testing.Wire;

namespace Voltaxe.Hub.Tests.Transports;

/// <summary>The table <c>pending_commands</c> under the SQL that the seed's documents tell people to run.</summary>
[Collection(nameof(Hubs))]
public sealed class SeedTableTests(Hubs hubs)
{
    private const string Monitoring = """
        SELECT id, hostname, command, status, created_at, executed_at 
        FROM pending_commands 
        WHERE status IN ('pending', 'delivered')
        ORDER BY priority DESC, created_at ASC;
        """;

    private const string NotExecuted = "SELECT * FROM pending_commands WHERE status != 'executed'";

    private const string ResetStuck = """
        UPDATE pending_commands 
        SET status = 'pending', delivered_at = NULL 
        WHERE status = 'delivered' 
          AND delivered_at < NOW() - INTERVAL '5 minutes';
        """;

    private readonly string host = Hubs.NewHost();

    [NeedsFact(Needs.Postgres)]
    public async Task The_seeds_monitoring_runs_as_it_stands()
    {
        var hub = await hubs.OnAsync("postgres");
        using var desk = await Desk.OfAsync(hub);
        await using var seed = new SeedAgent(hub.Http, host, (await hub.LegacyAgentAsync(host)).Token);
        var collect = await desk.CollectAsync(host);
        await seed.PollAsync();
        var isolate = await desk.IsolateAsync(host);
        await using var connection = new NpgsqlConnection(hub.Connection);
        await connection.OpenAsync();

        var watched = (await RowsAsync(connection, Monitoring)).Where(r => (string)r["hostname"]! == host).ToList();
        Assert.Equal([(isolate.Id, "network_isolate", "pending"), (collect.Id, "collect_forensics", "delivered")],
            watched.Select(r => (Convert.ToInt64(r["id"]), (string)r["command"]!, (string)r["status"]!)));
        Assert.All(watched, r => Assert.IsType<DateTime>(r["created_at"]));
        Assert.All(watched, r => Assert.Null(r["executed_at"]));

        var whole = (await RowsAsync(connection, NotExecuted)).First(r => (string)r["hostname"]! == host);
        Assert.Empty(new[] { "id", "hostname", "command", "params", "status", "created_at", "delivered_at", "executed_at", "result", "created_by", "priority" }.Except(whole.Keys));
    }

    [NeedsFact(Needs.Postgres)]
    public async Task The_seeds_reset_of_stuck_commands_is_refused_by_the_table()
    {
        var hub = await hubs.OnAsync("postgres");
        using var desk = await Desk.OfAsync(hub);
        await using var seed = new SeedAgent(hub.Http, host, (await hub.LegacyAgentAsync(host)).Token);
        var queued = await desk.IsolateAsync(host);
        await seed.PollAsync();
        await hub.TamperAsync($"UPDATE pending_commands SET delivered_at = delivered_at - INTERVAL '6 minutes', created_at = created_at - INTERVAL '6 minutes' WHERE id = {queued.Id}");
        await using var connection = new NpgsqlConnection(hub.Connection);
        await connection.OpenAsync();
        var refused = await Assert.ThrowsAsync<PostgresException>(() => RowsAsync(connection, ResetStuck));
        Assert.Equal((PostgresErrorCodes.CheckViolation, "ck_commands_untouched"), (refused.SqlState, refused.ConstraintName));
        Assert.Equal(Contracts.Commands.CommandStatus.Delivered, (await desk.CommandAsync(queued.Id)).Status);
        Assert.Empty(await seed.PollAsync());
    }

    [Fact]
    public async Task The_seeds_cleanup_after_seven_days_is_the_hubs_own()
    {
        var clock = new ManualClock(TimeProvider.System.GetUtcNow());
        await using var hub = await RunningHub.StartAsync(clock: clock, settings: ("Voltaxe:Retention", "7.00:00:00"));
        using var desk = await Desk.OfAsync(hub);
        await using var seed = new SeedAgent(hub.Http, host, (await hub.LegacyAgentAsync(host)).Token);
        var (done, silent) = (await desk.CollectAsync(host), await desk.KillAsync(host));
        var commands = new[] { (await seed.NextAsync())!, (await seed.NextAsync())! };
        await seed.ReportAsync(commands.Single(c => c.Id == done.Id), true, "collected");
        clock.StepWallClock(clock.GetUtcNow().AddDays(6));
        await hub.Get<Sweeper>().SweepOnceAsync(default);
        await desk.CommandAsync(done.Id);
        clock.StepWallClock(clock.GetUtcNow().AddDays(2));
        await Eventually.TrueAsync(async () =>
        {
            await hub.Get<Sweeper>().SweepOnceAsync(default);
            using var gone = await desk.Http.GetAsync($"/api/v1/commands/{done.Id}");
            return (int)gone.StatusCode == 404;
        });
        Assert.Equal(Contracts.Commands.CommandStatus.Unknown, (await desk.CommandAsync(silent.Id)).Status); // its agent may still return with the truth
        Assert.Contains(await hub.AuditAsync(), line => line.Contains("command_queued", StringComparison.Ordinal));
    }

    private static async Task<List<Dictionary<string, object?>>> RowsAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<Dictionary<string, object?>>();
        while (await reader.ReadAsync())
            rows.Add(Enumerable.Range(0, reader.FieldCount).ToDictionary(reader.GetName, i => reader.IsDBNull(i) ? null : reader.GetValue(i)));
        return rows;
    }
}
