using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Live;
using Voltaxe.Testing;
using Voltaxe.Testing.Databases;

namespace Voltaxe.Hub.Tests.Delivery;

/// <summary>How far a running command says it is: shown while it runs, decided by nobody.</summary>
public sealed class ProgressTests
{
    public static TheoryData<string> Databases => RunningHub.Databases;

    private static Task<Queue> OpenAsync(string database) => Queue.OpenAsync(database == "postgres" ? PostgresCluster.Shared.NewDatabase() : null);

    private static AgentEvent Says(Guid? uid, string data, int n) => new($"e-{n}", "progress", DateTimeOffset.UnixEpoch, uid, JsonElement.Parse(data));

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task The_latest_word_counts_and_stands_in_no_trail(string database)
    {
        await using var queue = await OpenAsync(database);
        var agent = await queue.EnrolAsync("web-01");
        var command = await queue.QueueAsync(CommandNames.CollectForensics, "web-01");
        await agent.SyncAsync();
        var reply = await agent.SyncAsync([QueueAgent.Holds(command, HoldingState.Started)], events:
        [
            Says(command.Uid, """{"percent":10,"item":"processes","stage":"collecting"}""", 1),
            Says(command.Uid, """{"percent":35.9,"item":"sockets","stage":"collecting"}""", 2),
        ]);
        Assert.Equal(["e-1", "e-2"], reply.Recorded);
        Assert.Equal((35, "sockets", ProgressStage.Collecting), await SaidAsync(queue, command));
        await agent.SyncAsync([QueueAgent.Holds(command, HoldingState.Started)], events: [Says(command.Uid, """{"percent":100,"stage":"uploading"}""", 3)]);
        Assert.Equal((100, null, ProgressStage.Uploading), await SaidAsync(queue, command));
        Assert.DoesNotContain(await queue.AuditAsync(), a => a.Action.Contains("progress", StringComparison.Ordinal));

        await agent.SyncAsync(results: [QueueAgent.Ended(command)], events: [Says(command.Uid, """{"percent":7}""", 4)]);
        Assert.Equal((100, null, ProgressStage.Uploading), await SaidAsync(queue, command));
        queue.Clock.Advance(TimeSpan.FromHours(2));
        await queue.Sweeper.SweepOnceAsync(default);
        Assert.Null(await SaidAsync(queue, command));
    }

    [Theory]
    [InlineData("""{"percent":101}""")]
    [InlineData("""{"percent":-1}""")]
    [InlineData("""{"percent":"50"}""")]
    [InlineData("""{"percent":1e400}""")]
    [InlineData("""{"item":"processes"}""")]
    [InlineData("""{}""")]
    [InlineData("""[50]""")]
    [InlineData("null")]
    public async Task What_says_no_percent_is_acknowledged_and_left_out(string data)
    {
        await using var queue = await OpenAsync("sqlite");
        var agent = await queue.EnrolAsync("web-01");
        var command = await queue.QueueAsync(CommandNames.CollectForensics, "web-01");
        await agent.SyncAsync();
        Assert.Equal(["e-1"], (await agent.SyncAsync([QueueAgent.Holds(command)], events: [Says(command.Uid, data, 1)])).Recorded);
        Assert.Null(await SaidAsync(queue, command));
    }

    [Fact]
    public async Task Words_that_are_none_are_left_out_and_the_percent_stays()
    {
        await using var queue = await OpenAsync("sqlite");
        var agent = await queue.EnrolAsync("web-01");
        var command = await queue.QueueAsync(CommandNames.CollectForensics, "web-01");
        await agent.SyncAsync();
        await agent.SyncAsync([QueueAgent.Holds(command)], events: [Says(command.Uid, $$"""{"percent":50,"item":"{{new string('x', 65)}}","stage":"dreaming"}""", 1)]);
        Assert.Equal((50, null, null), await SaidAsync(queue, command));
        await agent.SyncAsync([QueueAgent.Holds(command)], events: [Says(command.Uid, """{"percent":60,"item":"a\u001b[31m","stage":7}""", 2)]);
        Assert.Equal((60, null, null), await SaidAsync(queue, command));
    }

    [Fact]
    public async Task Nobody_speaks_for_another_agents_command_or_for_one_that_was_not_handed_out()
    {
        await using var queue = await OpenAsync("sqlite");
        var (agent, other) = (await queue.EnrolAsync("web-01"), await queue.EnrolAsync("web-02"));
        var command = await queue.QueueAsync(CommandNames.CollectForensics, "web-01");
        await agent.SyncAsync();
        var waiting = await queue.QueueAsync(CommandNames.CollectForensics, "web-02", notBefore: queue.Clock.GetUtcNow().AddDays(1));
        var reply = await other.SyncAsync(events: [Says(command.Uid, """{"percent":50}""", 1), Says(waiting.Uid, """{"percent":50}""", 2), Says(Guid.NewGuid(), """{"percent":50}""", 3), Says(null, """{"percent":50}""", 4)]);
        Assert.Equal(4, reply.Recorded.Count);
        Assert.Equal(0, await queue.Store.ReadAsync((db, ct) => db.Progress.CountAsync(ct), default));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Whoever_watches_a_command_hears_it_on_every_node(string database)
    {
        await using var hub = await RunningHub.StartAsync(database);
        await using var second = database == "postgres" ? await hub.AnotherAsync() : null;
        var host = await Evidence.Collection.BeginAsync(hub, "web-01");
        using var watching = new CancellationTokenSource();
        await using var scope = (second ?? hub).App.Services.CreateAsyncScope();
        var reader = scope.ServiceProvider.GetRequiredService<IEvidenceReader>();
        await SayAsync(20);
        Assert.Equal(20, Assert.Single((await reader.WatchProgressAsync(host.Command.Id, watching.Token)).Snapshot).Percent);
        var view = await reader.WatchProgressAsync(host.Command.Id, watching.Token);
        await using var changes = view.Changes.GetAsyncEnumerator(watching.Token);
        await SayAsync(40);
        ProgressView said;
        do // What another node heard before may be told of only now.
        {
            Assert.True(await changes.MoveNextAsync().AsTask().Within());
            said = changes.Current[^1].Row!;
        }
        while (said.Percent == 20);
        Assert.Equal((host.Command.Id, 40, "processes"), (said.CommandId, said.Percent, said.Item));
        await host.EndAsync();
        Assert.Empty((await reader.WatchProgressAsync(host.Command.Id, watching.Token)).Snapshot);
        await watching.CancelAsync();

        async Task SayAsync(int percent)
        {
            host.Agent.Events.Add(new() { ["event_id"] = $"p-{percent}", ["kind"] = "progress", ["at"] = "2026-01-01T00:00:00Z", ["uid"] = host.Command.Uid.ToString(), ["data"] = new System.Text.Json.Nodes.JsonObject { ["percent"] = percent, ["item"] = "processes", ["stage"] = "collecting" } });
            await host.Client.SyncAsync();
            Assert.Empty(host.Agent.Events);
        }
    }

    private static async Task<(int, string?, ProgressStage?)?> SaidAsync(Queue queue, CommandView command) =>
        await queue.Store.ReadAsync((db, ct) => db.Progress.SingleOrDefaultAsync(p => p.CommandId == command.Id, ct), default) is { } said ? (said.Percent, said.Item, said.Stage) : null;
}
