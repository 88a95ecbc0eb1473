using Microsoft.Extensions.Logging.Abstractions;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Components.Live;
using Voltaxe.Dashboard.Model.Lists;
using Voltaxe.Dashboard.Tests.Fakes;
using Voltaxe.Testing;

namespace Voltaxe.Dashboard.Tests.Live;

public sealed class LiveFeedTests : IDisposable
{
    private readonly ManualClock clock = new();
    private readonly FakeHub hub = new();
    private readonly Lock dispatcher = new();
    private readonly LiveFeed<AgentView> feed;
    private int drawings;

    public LiveFeedTests() =>
        feed = new(new LiveRows<AgentView>(a => a.Id), new LiveFeedOptions(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2)), clock, NullLogger.Instance);

    public void Dispose() => feed.Dispose();

    [Fact]
    public async Task A_snapshot_and_its_changes_arrive()
    {
        hub.Put(Given.Agent("a"));
        await StartAsync();
        hub.Put(Given.Agent("b"));
        await Eventually.TrueAsync(() => feed.Rows.Count == 2);
        Assert.Equal(FeedState.Live, feed.State);
    }

    [Fact]
    public async Task A_storm_of_changes_is_drawn_together()
    {
        await StartAsync();
        hub.Put(Given.Agent("h0"));
        await Eventually.TrueAsync(() => Volatile.Read(ref drawings) == 2);
        for (var i = 1; i < 1_000; i++)
            hub.Put(Given.Agent($"h{i}"));
        await Eventually.TrueAsync(() =>
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            return feed.Rows.Count == 1_000;
        });
        Assert.InRange(drawings, 3, 60);
    }

    [Fact]
    public async Task Nothing_is_drawn_again_before_its_time()
    {
        await StartAsync();
        hub.Put(Given.Agent("a"));
        await Eventually.TrueAsync(() => Volatile.Read(ref drawings) == 2);
        hub.Put(Given.Agent("b"));
        clock.Advance(TimeSpan.FromMilliseconds(10));
        Assert.Equal(1, feed.Rows.Count);
    }

    [Fact]
    public async Task A_broken_view_is_said_to_be_lost_and_opened_again()
    {
        hub.Put(Given.Agent("a"));
        await StartAsync();
        hub.Break(new IOException("gone"));
        await Eventually.TrueAsync(() => feed.State == FeedState.Lost);
        Assert.Equal(clock.GetUtcNow(), feed.LostAt);
        Assert.Equal(1, feed.Rows.Count);
        hub.Put(Given.Agent("b"));
        await Eventually.TrueAsync(() =>
        {
            clock.Advance(TimeSpan.FromSeconds(2));
            return feed.State == FeedState.Live;
        });
        Assert.Equal((2, (DateTimeOffset?)null), (feed.Rows.Count, feed.LostAt));
    }

    [Fact]
    public async Task A_view_that_just_ends_is_opened_again_too()
    {
        await StartAsync();
        hub.Break();
        await Eventually.TrueAsync(() => feed.State == FeedState.Lost);
        await Eventually.TrueAsync(() =>
        {
            clock.Advance(TimeSpan.FromSeconds(2));
            return feed.State == FeedState.Live && hub.OpenViews == 1;
        });
    }

    [Fact]
    public async Task A_disposed_feed_lets_go_and_draws_no_more()
    {
        await StartAsync();
        feed.Dispose();
        await Eventually.TrueAsync(() => hub.OpenViews == 0);
        var before = drawings;
        hub.Put(Given.Agent("late"));
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal((before, 0), (drawings, feed.Rows.Count));
    }

    [Fact]
    public async Task A_feed_disposed_while_it_opens_never_draws()
    {
        hub.Hold = new();
        Start();
        feed.Dispose();
        hub.Hold.SetResult();
        await Eventually.TrueAsync(() => hub.OpenViews == 0);
        Assert.Equal(0, drawings);
    }

    private async Task StartAsync()
    {
        Start();
        await Eventually.TrueAsync(() => Volatile.Read(ref drawings) == 1);
    }

    private void Start() => feed.Start(hub.WatchAgentsAsync, Dispatch, () => Interlocked.Increment(ref drawings));

    private Task Dispatch(Action action)
    {
        lock (dispatcher)
            action();
        return Task.CompletedTask;
    }
}
