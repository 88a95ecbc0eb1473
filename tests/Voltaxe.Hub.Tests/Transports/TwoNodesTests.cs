using Npgsql;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.Hub.Delivery;
using Voltaxe.Hub.Persistence;
using Voltaxe.Testing;
using Voltaxe.Testing.Wire;

namespace Voltaxe.Hub.Tests.Transports;

/// <summary>Two nodes of one hub: one database, one folder of keys. The operator is at the one, the agent at the other.</summary>
public sealed class TwoNodesTests : IAsyncLifetime
{
    private const string Listeners = "FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    private readonly string host = Hubs.NewHost();
    private RunningHub here = null!;
    private RunningHub there = null!;
    private Desk desk = null!;

    public async Task InitializeAsync()
    {
        if (Machine.WhatIsMissing(Needs.Postgres) is not null)
            return;
        here = await RunningHub.StartAsync("postgres");
        there = await here.AnotherAsync();
        desk = await Desk.OfAsync(here);
    }

    public async Task DisposeAsync()
    {
        if (here is null)
            return;
        desk.Dispose();
        await there.DisposeAsync();
        await here.DisposeAsync();
    }

    [NeedsFact(Needs.Postgres)]
    public async Task A_command_queued_at_one_node_rings_the_other_and_reaches_its_agents()
    {
        await ListeningAsync();
        await using var socket = there.Socket(await there.EnrolAsync(host));
        await using var poller = new SyncClient(await there.EnrolAsync(host + "-poll"));
        await socket.ConnectAsync();
        await poller.ConnectAsync();
        var rung = RungFor(socket.Agent, poller.Agent);
        var parked = poller.PostAsync(poller.Agent.NewSync(20));

        var pushed = await desk.IsolateAsync(host);
        var polled = await desk.IsolateAsync(host + "-poll");
        await rung.Within(TimeSpan.FromSeconds(5));
        Assert.Equal(pushed.Id, (await socket.NextAsync())!.Id);
        Assert.Equal(polled.Id, Assert.Single((await parked.Within(TimeSpan.FromSeconds(8)))["commands"]!.AsArray())!["id"]!.GetValue<long>());
        Assert.Equal(CommandStatus.Delivered, (await desk.CommandAsync(pushed.Id)).Status);
    }

    [NeedsFact(Needs.Postgres)]
    public async Task With_the_bell_cut_the_scan_still_brings_the_command_and_the_bell_comes_back()
    {
        await ListeningAsync();
        await using var socket = there.Socket(await there.EnrolAsync(host));
        await using var poller = new SyncClient(await there.EnrolAsync(host + "-poll"));
        await socket.ConnectAsync();
        await poller.ConnectAsync();
        var parked = poller.PostAsync(poller.Agent.NewSync(30));
        using var stop = new CancellationTokenSource();
        var cutting = CutAsync(stop.Token);
        await Eventually.TrueAsync(async () => await CountListenersAsync() == 0);

        var pushed = await desk.IsolateAsync(host);
        var polled = await desk.IsolateAsync(host + "-poll");
        Assert.Equal(pushed.Id, (await socket.NextAsync())!.Id);
        Assert.Equal(polled.Id, Assert.Single((await parked.Within())["commands"]!.AsArray())!["id"]!.GetValue<long>());

        await stop.CancelAsync();
        Assert.True(await cutting > 0);
        await ListeningAsync();
        var rung = RungFor(socket.Agent);
        await desk.KillAsync(host);
        await rung.Within(TimeSpan.FromSeconds(5));
    }

    [NeedsFact(Needs.Postgres)]
    public async Task Who_watches_at_one_node_sees_what_the_agent_reports_at_the_other()
    {
        await ListeningAsync();
        await using var socket = there.Socket(await there.EnrolAsync(host));
        await socket.ConnectAsync();
        var queued = await desk.KillAsync(host);
        using var stop = new CancellationTokenSource(Eventually.Patience);
        var live = await here.Get<IHubReader>().WatchCommandsAsync(new CommandFilter { Host = host }, 10, stop.Token);
        await socket.ReportAsync((await socket.NextAsync())!, true, "killed");
        var last = live.Snapshot.Single();
        await foreach (var batch in live.Changes)
        {
            last = batch.LastOrDefault(c => c.Row?.Id == queued.Id)?.Row ?? last;
            if (last.Status == CommandStatus.Executed)
                break;
        }
        Assert.Equal("killed", last.Result!.Message);
    }

    [NeedsFact(Needs.Postgres)]
    public async Task An_agent_that_moved_to_the_other_node_is_served_there_alone()
    {
        var agent = await here.EnrolAsync(host);
        await using var before = here.Socket(agent);
        await using var after = there.Socket(agent);
        await before.ConnectAsync();
        await after.ConnectAsync();
        var queued = await desk.IsolateAsync(host);
        var command = (await after.NextAsync())!;
        await after.ReportAsync(command, true, "isolated");
        await Record.ExceptionAsync(() => before.Socket.Closed.WaitAsync(Eventually.Patience));
        Assert.Null(here.Get<AgentLinks>().SocketOf(agent.Identity.AgentId));
        Assert.Equal((CommandStatus.Executed, 1), ((await desk.CommandAsync(queued.Id)).Status, agent.HandedOut.Count));
    }

    /// <summary>Both nodes hear the bell.</summary>
    private Task ListeningAsync() => Eventually.TrueAsync(async () => await CountListenersAsync() == 2);

    /// <summary>Ends when the agent's node has heard of all of them from the other.</summary>
    private Task<bool> RungFor(params WireAgent[] agents)
    {
        var missing = agents.Select(a => a.Identity.AgentId).ToHashSet();
        var all = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        there.Get<CommitBell>().Rung += committed =>
        {
            if (!committed.Elsewhere)
                return;
            lock (missing)
            {
                missing.ExceptWith(committed.Ring);
                if (missing.Count == 0)
                    all.TrySetResult(true);
            }
        };
        return all.Task;
    }

    /// <summary>Ends every listener as soon as it is there. Gives how many.</summary>
    private async Task<int> CutAsync(CancellationToken ct)
    {
        var cut = 0;
        while (!ct.IsCancellationRequested)
        {
            cut += (int)await ScalarAsync($"SELECT count(pg_terminate_backend(pid)) {Listeners}");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, CancellationToken.None);
        }
        return cut;
    }

    private Task<long> CountListenersAsync() => ScalarAsync($"SELECT count(*) {Listeners}");

    private async Task<long> ScalarAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(here.Connection);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
