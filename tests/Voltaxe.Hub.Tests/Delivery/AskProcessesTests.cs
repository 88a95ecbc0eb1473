using System.Text.Json;
using Voltaxe.Hub.Security;
using Voltaxe.Contracts.Operators;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Delivery;
using Voltaxe.Hub.Pipeline;

namespace Voltaxe.Hub.Tests.Delivery;

/// <summary>What runs on a host is a question to its agent: at once, for those who may act, and never a command.</summary>
public sealed class AskProcessesTests
{
    private static readonly Caller Viewer = new("vic", Role.Viewer);

    [Fact]
    public async Task The_agent_is_asked_over_its_socket_and_its_answer_is_not_kept()
    {
        await using var queue = await Queue.OpenAsync(null);
        var agent = await queue.EnrolAsync("web-01");
        var socket = await agent.ConnectAsync();
        var asking = queue.SendAsync(new AskProcesses.Request(Queue.Ana, agent.Id));
        var ask = await Voltaxe.Testing.Eventually.GetAsync(() => Task.FromResult(socket.Asked.SingleOrDefault()));
        Assert.Equal(AskProcesses.What, ask.What);
        var said = JsonElement.Parse("""{"processes":[{"pid":412,"ppid":1,"name":"evil","user":"root","start_time":"b:7","command_line":"evil -x","kernel":false}],"cut":2}""");
        await queue.SendAsync(new SyncAgent.Request(agent.Id, agent.Request() with { Answers = [new AskAnswer(ask.AskId, said)] }, socket));
        var list = (await asking).Value;
        Assert.Equal((queue.Clock.GetUtcNow(), 2), (list.At, list.Missing));
        Assert.Equal(new ProcessRow(412, 1, "evil", "root", "evil -x", "b:7", false), Assert.Single(list.Rows));
        Assert.Equal(0, await queue.CountAsync());
        Assert.Empty(await queue.AuditAsync());
    }

    [Fact]
    public async Task Whoever_may_not_kill_is_not_told()
    {
        await using var queue = await Queue.OpenAsync(null);
        var agent = await queue.EnrolAsync("web-01");
        var socket = await agent.ConnectAsync();
        Assert.Equal(403, (await queue.SendAsync(new AskProcesses.Request(Viewer, agent.Id))).Refusal!.Status);
        Assert.Empty(socket.Asked);
    }

    [Fact]
    public async Task An_agent_that_cannot_be_asked_is_said_so_at_once()
    {
        await using var queue = await Queue.OpenAsync(null);
        Assert.Equal(404, (await queue.SendAsync(new AskProcesses.Request(Queue.Ana, "a-nobody"))).Refusal!.Status);
        var never = await queue.EnrolAsync("web-01");
        Assert.Equal("agent_away", (await queue.SendAsync(new AskProcesses.Request(Queue.Ana, never.Id))).Refusal!.Slug);
        var legacy = await queue.EnrolAsync("web-02", legacy: true);
        Assert.Equal("agent_cannot", (await queue.SendAsync(new AskProcesses.Request(Queue.Ana, legacy.Id))).Refusal!.Slug);
    }

    [Fact]
    public async Task An_agent_that_says_nothing_is_waited_for_half_a_minute()
    {
        await using var queue = await Queue.OpenAsync(null);
        var agent = await queue.EnrolAsync("web-01");
        var socket = await agent.ConnectAsync();
        var asking = queue.SendAsync(new AskProcesses.Request(Queue.Ana, agent.Id));
        await Voltaxe.Testing.Eventually.TrueAsync(() => socket.Asked.Count == 1);
        queue.Clock.Advance(TimeSpan.FromSeconds(29));
        Assert.False(asking.IsCompleted);
        await Voltaxe.Testing.Eventually.TrueAsync(() =>
        {
            queue.Clock.Advance(TimeSpan.FromSeconds(1));
            return asking.IsCompleted;
        });
        Assert.Equal((504, "no_answer"), ((await asking).Refusal!.Status, (await asking).Refusal!.Slug));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("""{"processes":"none"}""")]
    [InlineData("""{"error":"not permitted"}""")]
    public void An_answer_that_is_no_list_is_refused(string answer) =>
        Assert.Equal("agent_cannot", AskProcesses.Read(JsonElement.Parse(answer), default).Refusal!.Slug);

    [Fact]
    public void Of_a_hostile_answer_only_what_has_the_right_shape_is_taken()
    {
        var long1 = new string('x', 100_000);
        var answer = JsonElement.Parse($$"""
            {"cut":-5,"processes":[1,null,"x",[],{"pid":"1","name":"a"},{"pid":0,"name":"a"},{"pid":4194305,"name":"a"},{"pid":1e3},
            {"pid":7,"name":"{{long1}}","ppid":{},"user":[],"uid":12,"start_time":3,"kernel":"true","command_line":null}]}
            """);
        var list = AskProcesses.Read(answer, default).Value;
        Assert.Equal(8, list.Missing);
        var row = Assert.Single(list.Rows);
        Assert.Equal((7, 0, 1_000, "12", null, null, false), (row.Pid, row.Parent, row.Name.Length, row.User, row.StartTime, row.CommandLine, row.IsKernel));
    }
}
