using Microsoft.Extensions.Logging.Abstractions;
using Voltaxe.Agent.Channels;
using Voltaxe.Agent.Execution;
using Voltaxe.Agent.Tests.Execution;
using Voltaxe.Contracts.Wire;
using Voltaxe.Testing;

namespace Voltaxe.Agent.Tests.Channels;

public sealed class KeeperTests : IAsyncLifetime
{
    private readonly Bench bench = new Bench().Start();
    private readonly HandChannels hands = new();
    private readonly CancellationTokenSource stop = new();
    private Task running = Task.CompletedTask;

    private Keeper Start(double random = 0.5, bool poll = true, TimeProvider? time = null)
    {
        var composer = new SyncComposer(bench.Book, bench.Outbox, () => new AgentInfo(), () => null);
        var syncer = new Syncer(composer, bench.Outbox, bench.Clock, new HubContact(bench.Time), bench.Time, (_, reply) => bench.SayAsync(reply));
        var keeper = new Keeper(hands, syncer, bench.Outbox, new KeeperOptions(poll, () => TimeSpan.FromSeconds(10)), () => random, time ?? bench.Time, NullLogger<Keeper>.Instance);
        running = keeper.RunAsync(stop.Token);
        return keeper;
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await stop.CancelAsync();
        await running.WaitAsync(Eventually.Patience);
        await bench.DisposeAsync();
        stop.Dispose();
    }

    private async Task AdvanceUntil(Func<bool> true_, TimeSpan step)
    {
        for (var i = 0; i < 200 && !true_(); i++)
        {
            bench.Time.Advance(step);
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        }
        Assert.True(true_());
    }

    [Fact]
    public async Task It_syncs_when_the_socket_stands_when_something_is_to_be_told_and_every_15_seconds()
    {
        Start();
        var socket = await hands.SocketAsync();
        (await socket.NextAsync()).Answer();
        bench.Outbox.RingNow();
        (await socket.NextAsync()).Answer();
        await Eventually.TrueAsync(() => socket.Waiting == 0);
        // In small steps: a reply that this process is slow to handle must not look like a hub that is silent for half a minute.
        await AdvanceUntil(() => socket.Waiting > 0, TimeSpan.FromSeconds(0.5));
        Assert.Equal(3, (await socket.NextAsync()).Request.N);
    }

    [Fact]
    public async Task It_polls_while_there_is_no_socket_and_returns_to_it_when_there_is_one()
    {
        hands.SocketFails = true;
        Start();
        await AdvanceUntil(() => hands.Polled.Waiting > 0, TimeSpan.FromSeconds(0.5));
        var first = await hands.Polled.NextAsync();
        Assert.Equal(0, first.Request.WaitSeconds);
        first.Answer();
        var parked = await hands.Polled.NextAsync();
        Assert.Equal(10, parked.Request.WaitSeconds);
        parked.Sent();

        bench.Outbox.RingNow();
        var urgent = await hands.Polled.NextAsync();
        Assert.Equal((0, 3), (urgent.Request.WaitSeconds, urgent.Request.N));
        urgent.Answer();

        hands.SocketFails = false;
        await AdvanceUntil(() => hands.Sockets.Count > 0, TimeSpan.FromSeconds(1));
        var socket = await hands.SocketAsync();
        var back = await socket.NextAsync();
        Assert.Equal(4, back.Request.N);
        back.Answer();
        Assert.Equal(0, hands.Polled.Waiting);
    }

    [Fact]
    public async Task A_socket_that_closes_is_disposed_and_polling_takes_over()
    {
        Start();
        var socket = await hands.SocketAsync();
        (await socket.NextAsync()).Answer();
        hands.SocketFails = true;
        socket.Close();
        await AdvanceUntil(() => hands.Polled.Waiting > 0, TimeSpan.FromMilliseconds(200));
        Assert.True(socket.Disposed);
    }

    [Fact]
    public async Task A_hub_that_closes_every_socket_soon_after_its_first_sync_is_asked_ever_more_seldom()
    {
        var waits = new Waits(bench.Time);
        Start(random: 1, poll: false, time: waits);
        for (var i = 0; i < 5; i++)
        {
            var socket = await hands.SocketAsync();
            (await socket.NextAsync()).Answer();
            bench.Outbox.RingNow();
            await socket.NextAsync();
            var tries = hands.Tries;
            socket.Close();
            await AdvanceUntil(() => hands.Tries > tries, TimeSpan.FromSeconds(0.5));
        }
        Assert.Equal([1, 2, 4, 8, 16], waits.Seconds);
    }

    [Fact]
    public async Task With_polling_disabled_only_the_socket_is_tried()
    {
        hands.SocketFails = true;
        Start(poll: false);
        await AdvanceUntil(() => hands.Tries >= 4, TimeSpan.FromSeconds(5));
        Assert.Equal(0, hands.Polled.Waiting);
    }

    [Fact]
    public async Task A_hub_that_refuses_the_agent_is_tried_again_and_again()
    {
        hands.SocketFails = true;
        Start();
        for (var i = 0; i < 3; i++)
        {
            await AdvanceUntil(() => hands.Polled.Waiting > 0, TimeSpan.FromSeconds(1));
            (await hands.Polled.NextAsync()).Fail(new Voltaxe.Agent.Enrolment.SignInRefusedException("revoked"));
        }
        Assert.False(running.IsCompleted);
    }

    [Fact]
    public void Waits_are_drawn_from_the_whole_span_which_doubles_up_to_a_minute()
    {
        var longest = new Backoff(() => 1);
        Assert.Equal([1, 2, 4, 8, 16, 32, 60, 60], Enumerable.Range(0, 8).Select(_ => (int)longest.Next().TotalSeconds));
        longest.Reset();
        Assert.Equal(1, longest.Next().TotalSeconds);
        Assert.Equal(TimeSpan.Zero, new Backoff(() => 0).Next());
    }

    [Fact]
    public async Task Of_several_hubs_the_one_that_answers_first_is_used_and_without_an_answer_each_in_turn()
    {
        await using var near = await TestHub.StartAsync();
        var away = new Uri("http://127.0.0.1:1/");
        using var http = HubChannels.MakeClient(new HubAddresses([away, near.Url]));
        Assert.Equal(near.Url, await new HubDirectory(http, [away, near.Url], TimeProvider.System).NearestAsync(CancellationToken.None));
        var other = new Uri("http://127.0.0.1:2/");
        var none = new HubDirectory(http, [away, other], TimeProvider.System);
        Assert.Equal([away, other, away], [await none.NearestAsync(CancellationToken.None), await none.NearestAsync(CancellationToken.None), await none.NearestAsync(CancellationToken.None)]);
    }

    /// <summary>The keeper's clock, which notes how long it waits.</summary>
    private sealed class Waits(TimeProvider inner) : TimeProvider
    {
        private readonly System.Collections.Concurrent.ConcurrentQueue<double> seconds = new();

        public IEnumerable<double> Seconds => seconds;
        public override long TimestampFrequency => inner.TimestampFrequency;
        public override long GetTimestamp() => inner.GetTimestamp();
        public override DateTimeOffset GetUtcNow() => inner.GetUtcNow();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime > TimeSpan.Zero)
                seconds.Enqueue(dueTime.TotalSeconds);
            return inner.CreateTimer(callback, state, dueTime, period);
        }
    }

    private sealed class HandChannels : IChannels
    {
        public bool SocketFails { get; set; }
        public int Tries { get; private set; }
        public System.Collections.Concurrent.ConcurrentQueue<HandChannel> Sockets { get; } = new();
        public HandChannel Polled { get; } = new() { Name = "poll" };

        public Task<Uri> ChooseAsync(CancellationToken ct) => Task.FromResult(new Uri("http://hub:8080"));

        public Task<ISocketChannel> OpenSocketAsync(Uri hub, CancellationToken ct)
        {
            Tries++;
            if (SocketFails)
                throw new HttpRequestException("refused");
            var socket = new HandChannel { Name = "push" };
            Sockets.Enqueue(socket);
            return Task.FromResult<ISocketChannel>(socket);
        }

        public IHubChannel Polling(Uri hub) => Polled;

        public async Task<HandChannel> SocketAsync()
        {
            HandChannel? socket = null;
            await Eventually.TrueAsync(() => Sockets.TryDequeue(out socket));
            return socket!;
        }
    }
}
