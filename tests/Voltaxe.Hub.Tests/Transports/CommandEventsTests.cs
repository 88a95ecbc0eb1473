using System.Net;
using System.Text.Json.Nodes;
using Voltaxe.Testing;
using Voltaxe.Testing.Wire;

namespace Voltaxe.Hub.Tests.Transports;

/// <summary>Following one command: server-sent events until it has ended.</summary>
[Collection(nameof(Hubs))]
public sealed class CommandEventsTests(Hubs hubs)
{
    private readonly string host = Hubs.NewHost();

    public static TheoryData<string> Databases => RunningHub.Databases;

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task A_commands_events_come_at_once_on_every_change_and_end(string database)
    {
        var hub = await hubs.OnAsync(database);
        using var desk = await Desk.OfAsync(hub);
        await using var seed = new SeedAgent(hub.Http, host, (await hub.LegacyAgentAsync(host)).Token);
        var queued = await desk.KillAsync(host);
        await using var events = await EventsAsync(desk.Http, queued.Id);
        Assert.Equal(("command", "pending"), await NextAsync(events));
        var command = (await seed.NextAsync())!;
        Assert.Equal(("command", "delivered"), await NextAsync(events));
        await seed.ReportAsync(command, true, "killed\nand\r\nburied");
        Assert.Equal(("command", "executed"), await NextAsync(events));
        Assert.Equal(("end", null), await NextAsync(events));
        Assert.False(await events.MoveNextAsync().AsTask().Within());

        // Who comes after the end is told how it ended.
        await using var late = await EventsAsync(desk.Http, queued.Id);
        Assert.Equal(("command", "executed"), await NextAsync(late));
        Assert.Equal(("end", null), await NextAsync(late));
        await desk.GetAsync("/api/v1/commands/999999/events", 404);
    }

    [Fact]
    public async Task A_change_that_nobody_rang_for_is_seen_with_the_next_heartbeat()
    {
        var clock = new ManualClock(TimeProvider.System.GetUtcNow());
        await using var hub = await RunningHub.StartAsync(clock: clock);
        using var desk = await Desk.OfAsync(hub);
        await hub.LegacyAgentAsync(host);
        var queued = await desk.KillAsync(host);
        await using var events = await EventsAsync(desk.Http, queued.Id);
        Assert.Equal(("command", "pending"), await NextAsync(events));
        await hub.TamperAsync($"UPDATE pending_commands SET status = 'cancelled', cancel_requested_at = created_at, finished_at = created_at WHERE id = {queued.Id}");
        var next = NextAsync(events);
        await Eventually.TrueAsync(() =>
        {
            clock.Advance(TimeSpan.FromSeconds(5));
            return next.IsCompleted;
        });
        Assert.Equal(("command", "cancelled"), await next);
        Assert.Equal(("end", null), await NextAsync(events));
    }

    [Fact]
    public async Task A_stream_that_a_browser_opened_ends_with_its_session()
    {
        var clock = new ManualClock(TimeProvider.System.GetUtcNow());
        await using var hub = await RunningHub.StartAsync(clock: clock);
        using var desk = await Desk.OfAsync(hub);
        await hub.LegacyAgentAsync(host);
        var queued = await desk.KillAsync(host);
        using var browser = await Accounts.SignInTests.SignedInAsync(hub, "ana", Voltaxe.Hub.Security.Role.Viewer);
        await using var events = await EventsAsync(browser, queued.Id);
        Assert.Equal(("command", "pending"), await NextAsync(events));
        Assert.Equal("/sign-in?notice=signed_out", await Accounts.SignInTests.PostFormAsync(browser, "/sign-out"));
        var next = events.MoveNextAsync().AsTask();
        clock.Advance(TimeSpan.FromSeconds(30));
        Assert.False(await next.Within());
    }

    /// <summary>The stream, event by event: its name and its data.</summary>
    private static async Task<IAsyncEnumerator<(string Name, string Data)>> EventsAsync(HttpClient http, long id)
    {
        var answer = await http.GetAsync($"/api/v1/commands/{id}/events", HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal((HttpStatusCode.OK, "text/event-stream"), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
        return ReadAsync(answer).GetAsyncEnumerator();

        static async IAsyncEnumerable<(string, string)> ReadAsync(HttpResponseMessage answer)
        {
            using (answer)
            {
                await foreach (var item in System.Net.ServerSentEvents.SseParser.Create(await answer.Content.ReadAsStreamAsync()).EnumerateAsync())
                    yield return (item.EventType, item.Data);
            }
        }
    }

    /// <summary>The next event; of a command, its status.</summary>
    private static async Task<(string Name, string? Status)> NextAsync(IAsyncEnumerator<(string Name, string Data)> events)
    {
        Assert.True(await events.MoveNextAsync().AsTask().Within(), "the stream ended");
        return (events.Current.Name, JsonNode.Parse(events.Current.Data)!["status"]?.GetValue<string>());
    }
}
