using System.Text.Json;
using Voltaxe.Agent.Channels;
using Voltaxe.Agent.Execution;
using Voltaxe.Agent.Execution.Journalling;
using Voltaxe.Agent.Tests.Execution;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;
using Voltaxe.Testing;

namespace Voltaxe.Agent.Tests.Channels;

public sealed class SyncTests : IAsyncLifetime
{
    private readonly Bench bench = new Bench().Start();
    private readonly HandChannel channel = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => bench.DisposeAsync().AsTask();

    private SyncComposer Composer => new(bench.Book, bench.Outbox, () => new AgentInfo { Hostname = "web-01" }, () => null);

    private Syncer Syncer => new(Composer, bench.Outbox, bench.Clock, new HubContact(bench.Time), bench.Time, (_, reply) => bench.SayAsync(reply));

    private async Task<int> ManyResultsAsync(int count, int bytes)
    {
        var data = JsonElement.Parse($"\"{new string('x', bytes)}\"");
        bench.Book.WriteOrCarry([.. Enumerable.Range(1, count).SelectMany(i => (JournalRecord[])
            [new Seen(Orders.Uid(i), 1), new Finished(Orders.Uid(i), 1, Orders.Result(i, Outcome.Executed, data))])]);
        await Task.CompletedTask;
        return count;
    }

    [Fact]
    public async Task As_many_results_as_fit_into_a_message_are_sent_and_the_rest_with_the_next()
    {
        await ManyResultsAsync(9, 200 * 1024);
        var left = 9;
        while (left > 0)
        {
            var (request, more) = Composer.Compose("i", 0);
            Assert.InRange(JsonSerializer.SerializeToUtf8Bytes(request, WireJson.Default.SyncRequest).Length, 1, AgentRoutes.MaxMessageBytes - 1);
            Assert.NotEmpty(request.Results);
            left -= request.Results.Count;
            Assert.Equal(left > 0, more);
            Assert.Equal(left, request.Holding.Count);
            await bench.SayAsync(new SyncReply { HubTime = default, Recorded = [.. request.Results.Select(r => r.Uid.ToString())] });
        }
    }

    [Fact]
    public async Task The_largest_result_that_the_wire_allows_fits_into_a_message_with_everything_else()
    {
        var huge = ActionRunner.Fit(Orders.Result(1, Outcome.Executed, JsonElement.Parse($"\"{new string('x', ResultReport.MaxDataBytes - 2)}\"")));
        Assert.False(huge.Data!.Value.ValueKind == JsonValueKind.Object);
        bench.Book.WriteOrCarry([new Seen(Orders.Uid(1), 1), new Finished(Orders.Uid(1), 1, huge)]);
        bench.Book.WriteOrCarry([.. Enumerable.Range(2, 3_000).Select(i => new Received(Orders.Uid(i), 1, Orders.Command(i)))]);
        await bench.SayAsync();
        Assert.InRange(JsonSerializer.SerializeToUtf8Bytes(Composer.Compose("i", 0).Request, WireJson.Default.SyncRequest).Length, 300_000, AgentRoutes.MaxMessageBytes - 1);
    }

    [Fact]
    public async Task What_the_journal_holds_is_said_and_what_travels_as_a_result_is_not_said_twice()
    {
        await bench.SayAsync(bench.Order(1), bench.Order(2, Contracts.Commands.CommandNames.KillProcess), bench.Order(3, Contracts.Commands.CommandNames.KillProcess));
        bench.Isolate.End(1);
        await bench.UntilAsync(1, Outcome.Executed);
        var request = Composer.Compose("i", 0).Request;
        Assert.Equal([Orders.Uid(1)], request.Results.Select(r => r.Uid));
        Assert.Equal([new(Orders.Uid(2), 1, HoldingState.Started), new(Orders.Uid(3), 1, HoldingState.Received)], request.Holding);
        Assert.Equal(3, request.Received.Count);
        Assert.Equal((bench.Epoch, 3, bench.Book.Position), (request.Epoch, request.HighestSeq, request.Position));
    }

    [Fact]
    public async Task One_sync_is_in_flight_and_numbers_are_drawn_in_the_order_of_sending()
    {
        var syncer = Syncer;
        var first = syncer.SyncAsync(channel, 0, CancellationToken.None);
        var second = syncer.SyncAsync(channel, 0, CancellationToken.None);
        var sent = await channel.NextAsync();
        Assert.Equal(1, sent.Request.N);
        Assert.Equal(0, channel.Waiting);
        sent.Answer();
        await first;
        sent = await channel.NextAsync();
        Assert.Equal(2, sent.Request.N);
        sent.Answer();
        await second;
    }

    [Fact]
    public async Task A_parked_request_lets_another_pass_once_it_has_been_sent()
    {
        var syncer = Syncer;
        var parked = syncer.SyncAsync(channel, 25, CancellationToken.None);
        var held = await channel.NextAsync();
        Assert.Equal((1, 25), (held.Request.N, held.Request.WaitSeconds));
        var urgent = syncer.SyncAsync(channel, 0, CancellationToken.None);
        Assert.False(urgent.IsCompleted);
        Assert.Equal(0, channel.Waiting);
        held.Sent();
        var passed = await channel.NextAsync();
        Assert.Equal(2, passed.Request.N);
        passed.Answer();
        await urgent;
        held.Answer();
        await parked;
    }

    [Fact]
    public async Task A_hub_that_does_not_answer_is_given_up_after_half_a_minute_and_the_next_sync_goes()
    {
        var syncer = Syncer;
        var lost = syncer.SyncAsync(channel, 0, CancellationToken.None);
        await channel.NextAsync();
        bench.Time.Advance(TimeSpan.FromSeconds(30));
        await Assert.ThrowsAsync<TimeoutException>(() => lost.Within());
        var next = syncer.SyncAsync(channel, 0, CancellationToken.None);
        var sent = await channel.NextAsync();
        Assert.Equal(2, sent.Request.N);
        sent.Answer();
        await next;
    }

    [Fact]
    public async Task Only_a_reply_sets_hub_time()
    {
        bench.Clock.Set(Orders.Noon.AddDays(5));
        var sync = Syncer.SyncAsync(channel, 0, CancellationToken.None);
        (await channel.NextAsync()).Answer(new SyncReply { HubTime = Orders.Noon.AddDays(7) });
        await sync;
        bench.Time.StepWallClock(Orders.Noon.AddYears(10));
        bench.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(Orders.Noon.AddDays(7).AddMinutes(1), bench.Clock.Now);
    }

    [Fact]
    public async Task Received_is_repeated_until_a_reply_came()
    {
        await bench.SayAsync(bench.Order(1));
        var syncer = Syncer;
        var failed = syncer.SyncAsync(channel, 0, CancellationToken.None);
        (await channel.NextAsync()).Fail(new HttpRequestException("gone"));
        await Assert.ThrowsAsync<HttpRequestException>(() => failed);
        Assert.Single(bench.Outbox.Received);
        var told = syncer.SyncAsync(channel, 0, CancellationToken.None);
        (await channel.NextAsync()).Answer();
        await told;
        Assert.Empty(bench.Outbox.Received);
    }

    [Fact]
    public async Task Received_waits_a_few_milliseconds_for_the_result_and_a_result_for_nothing()
    {
        await bench.SayAsync(bench.Order(1));
        await bench.UntilAsync(1, Voltaxe.Agent.Execution.Ledgers.EntryState.Started);
        var rung = bench.Outbox.WaitAsync(Timeout.InfiniteTimeSpan, CancellationToken.None);
        Assert.False(rung.IsCompleted);
        bench.Time.Advance(TimeSpan.FromMilliseconds(5));
        await rung.WaitAsync(Eventually.Patience);
        rung = bench.Outbox.WaitAsync(Timeout.InfiniteTimeSpan, CancellationToken.None);
        bench.Isolate.End(1);
        await rung.WaitAsync(Eventually.Patience);
    }
}

/// <summary>A channel whose replies the test gives by hand.</summary>
internal sealed class HandChannel : ISocketChannel
{
    public Uri Hub { get; } = new("http://hub.example");

    private readonly System.Threading.Channels.Channel<Said> said = System.Threading.Channels.Channel.CreateUnbounded<Said>();
    private readonly CancellationTokenSource closed = new();

    public sealed record Said(SyncRequest Request, Action Sent, TaskCompletionSource<SyncReply> Reply)
    {
        public void Answer(SyncReply? reply = null) => Reply.TrySetResult(reply ?? new SyncReply { HubTime = Orders.Noon });

        public void Fail(Exception e) => Reply.TrySetException(e);
    }

    public string Name { get; init; } = "hand";
    public CancellationToken Closed => closed.Token;
    public string? ClosedWhy => "the test closed it";
    public bool Disposed { get; private set; }
    public int Waiting => said.Reader.Count;

    public async Task<Said> NextAsync() => await said.Reader.ReadAsync().AsTask().Within();

    public async Task<SyncReply> SyncAsync(SyncRequest request, Action sent, CancellationToken ct)
    {
        var reply = new TaskCompletionSource<SyncReply>(TaskCreationOptions.RunContinuationsAsynchronously);
        said.Writer.TryWrite(new Said(request, sent, reply));
        return await reply.Task.WaitAsync(ct);
    }

    public void Close() => closed.Cancel();

    public ValueTask DisposeAsync()
    {
        Disposed = true;
        return ValueTask.CompletedTask;
    }
}
