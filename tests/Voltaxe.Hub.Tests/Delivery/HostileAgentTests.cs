using System.Text.Json;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Delivery;

namespace Voltaxe.Hub.Tests.Delivery;

/// <summary>What an enrolled agent says to break the hub, its answers to operators or its trail.</summary>
public sealed class HostileAgentTests
{
    private static string Nested(int levels) => new string('[', levels) + new string(']', levels);

    public static TheoryData<string> WhatCannotBeShownAgain => [Nested(25), """ "\ud800" """, """{"\udc00":1}""", """["\ud800\ud800"]"""];

    [Theory]
    [MemberData(nameof(WhatCannotBeShownAgain))]
    public async Task Data_that_could_not_be_shown_again_is_refused_with_its_field(string json)
    {
        await using var queue = await Queue.OpenAsync(null);
        var agent = await queue.EnrolAsync("web-01");
        var command = await queue.KillAsync("web-01");
        await agent.SyncAsync();
        var data = JsonElement.Parse(json);

        var result = await agent.TrySyncAsync(results: [QueueAgent.Ended(command) with { Data = data }]);
        Assert.Equal(["results"], result.Refusal!.Errors!.Keys);
        var told = await agent.TrySyncAsync(events: [new AgentEvent("e-1", "crashed", queue.Clock.GetUtcNow(), null, data)]);
        Assert.Equal(["events"], told.Refusal!.Errors!.Keys);
        Assert.Equal(CommandStatus.Delivered, await queue.StatusAsync(command.Id));
    }

    [Fact]
    public async Task A_seq_that_would_use_up_the_numbers_is_refused_and_told_of_once_a_day()
    {
        await using var queue = await Queue.OpenAsync(null);
        var agent = await queue.EnrolAsync("web-01");
        for (var i = 0; i < 3; i++)
            Assert.Equal(["highest_seq"], (await agent.TrySyncAsync(highestSeq: AgentRoutes.SeqLimit)).Refusal!.Errors!.Keys);
        Assert.Single(await queue.AuditAsync(), a => a.Action == "alert_seq_refused");
        queue.Clock.Advance(TimeSpan.FromDays(1));
        Assert.True((await agent.TrySyncAsync(highestSeq: AgentRoutes.SeqLimit)).IsRefused);
        Assert.Equal(2, (await queue.AuditAsync()).Count(a => a.Action == "alert_seq_refused"));
        Assert.False((await agent.TrySyncAsync(highestSeq: AgentRoutes.SeqLimit - 1)).IsRefused);
    }

    [Fact]
    public async Task A_dropped_result_stands_in_the_trail_once_however_often_it_is_said()
    {
        await using var queue = await Queue.OpenAsync(null);
        var agent = await queue.EnrolAsync("web-01");
        var other = await queue.EnrolAsync("web-02");
        var theirs = await queue.KillAsync("web-02");
        await other.SyncAsync();
        var mine = await queue.KillAsync("web-01");
        await agent.SyncAsync();
        await agent.SyncAsync(results: [QueueAgent.Ended(mine)]);
        ResultReport[] said = [QueueAgent.Ended(mine, Outcome.Failed), QueueAgent.Ended(theirs), QueueAgent.Ended(mine) with { Uid = Guid.NewGuid() }];
        for (var i = 0; i < 3; i++)
            Assert.Equal(3, (await agent.SyncAsync(results: [.. said, .. said])).Drop.Select(d => d.Uid).Distinct().Count());
        var trail = await queue.AuditAsync();
        Assert.Single(trail, a => a.Action == "result_conflict");
        Assert.Single(trail, a => a.Action == "result_of_another_agent");
        Assert.Single(trail, a => a.Action == "alert_database_rollback");
        await agent.SyncAsync(results: [QueueAgent.Ended(mine, Outcome.Rejected)]);
        Assert.Equal(2, (await queue.AuditAsync()).Count(a => a.Action == "result_conflict"));
    }

    [Fact]
    public async Task An_instance_may_be_replaced_in_two_journals()
    {
        await using var queue = await Queue.OpenAsync(null);
        var agent = await queue.EnrolAsync("web-01");
        foreach (var (epoch, instance) in new[] { ("e-1", "i-1"), ("e-1", "i-2"), ("e-2", "i-1"), ("e-2", "i-3"), ("e-2", "i-4") })
        {
            (agent.Epoch, agent.Instance, agent.N) = (epoch, instance, 0);
            Assert.False((await agent.TrySyncAsync()).IsRefused);
        }
    }

    [Fact]
    public async Task A_stale_sync_answers_no_question()
    {
        await using var queue = await Queue.OpenAsync(null);
        var agent = await queue.EnrolAsync("web-01");
        await agent.SyncAsync(n: 10);
        var asking = queue.Get<Asks>().AskAsync(agent.Id, "processes", null, default);
        var ask = Assert.Single((await agent.SyncAsync(n: 11)).Asks);
        var stale = agent.Request(n: 9) with { Answers = [new AskAnswer(ask.AskId, JsonElement.Parse("\"old\""))] };
        Assert.False((await queue.SendAsync(new SyncAgent.Request(agent.Id, stale, null))).IsRefused);
        Assert.False(asking.IsCompleted);
        var current = agent.Request(n: 12) with { Answers = [new AskAnswer(ask.AskId, JsonElement.Parse("\"new\""))] };
        Assert.False((await queue.SendAsync(new SyncAgent.Request(agent.Id, current, null))).IsRefused);
        Assert.Equal("new", (await asking)!.Value.GetString());
    }

    [Fact]
    public async Task A_late_word_of_a_timed_restore_does_not_undo_what_was_asked_since()
    {
        await using var queue = await Queue.OpenAsync(null);
        var agent = await queue.EnrolAsync("web-01");
        var first = await queue.IsolateAsync("web-01");
        await agent.SyncAsync();
        await agent.SyncAsync(results: [QueueAgent.Ended(first)]);
        await queue.IsolateAsync("web-01");
        await agent.SyncAsync(events: [new AgentEvent("e-1", "timed_restore", queue.Clock.GetUtcNow(), first.Uid, null)]);
        Assert.True(await WantedIsolatedAsync(queue));
    }

    [Fact]
    public async Task After_a_timed_restore_what_was_last_asked_is_normal()
    {
        await using var queue = await Queue.OpenAsync(null);
        var agent = await queue.EnrolAsync("web-01");
        var command = await queue.IsolateAsync("web-01");
        await agent.SyncAsync();
        await agent.SyncAsync(results: [QueueAgent.Ended(command)]);
        Assert.True(await WantedIsolatedAsync(queue));
        await agent.SyncAsync(events: [new AgentEvent("e-1", "timed_restore", queue.Clock.GetUtcNow(), command.Uid, null)]);
        Assert.False(await WantedIsolatedAsync(queue));
    }

    private static async Task<bool> WantedIsolatedAsync(Queue queue) =>
        (await queue.Store.ReadAsync((db, ct) => Microsoft.EntityFrameworkCore.EntityFrameworkQueryableExtensions.SingleAsync(db.Agents, ct), default)).WantedIsolated;
}
