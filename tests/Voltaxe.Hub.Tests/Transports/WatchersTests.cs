using System.Text.Json.Nodes;
using Voltaxe.Hub.Live;
using Voltaxe.Testing;
using Voltaxe.Testing.Wire;

namespace Voltaxe.Hub.Tests.Transports;

/// <summary>Who waits for a command's changes: leaves nothing behind, and misses nothing.</summary>
public sealed class WatchersTests
{
    [Fact]
    public async Task An_answer_that_comes_early_leaves_no_watcher_behind()
    {
        await using var hub = await RunningHub.StartAsync();
        using var desk = await Desk.OfAsync(hub);
        using var unknown = await desk.PostAsync("/api/isolate", new JsonObject { ["hostname"] = "nobody" });
        await Desk.AnswerOf(unknown, 404);
        Assert.False(hub.Get<LiveFeed>().Commands.IsWatched);

        await using var seed = new SeedAgent(hub.Http, "web-01", (await hub.LegacyAgentAsync("web-01")).Token);
        var asked = desk.PostAsync("/api/isolate", new JsonObject { ["hostname"] = "web-01", ["reason"] = "" });
        var command = (await seed.NextAsync())!;
        await seed.ReportAsync(command, true, "done");
        using var answer = await asked.Within();
        await Desk.AnswerOf(answer, 200);
        Assert.Equal("Manual isolation", (await desk.CommandAsync(command.Id)).Reason);
        await Eventually.TrueAsync(() => !hub.Get<LiveFeed>().Commands.IsWatched);
    }

    [Fact]
    public async Task A_stream_finds_its_end_even_when_nobody_told_of_it()
    {
        var clock = new ManualClock(TimeProvider.System.GetUtcNow());
        await using var hub = await RunningHub.StartAsync(clock: clock);
        using var desk = await Desk.OfAsync(hub);
        await hub.LegacyAgentAsync("web-01");
        var queued = await desk.KillAsync("web-01");
        using var answer = await desk.Http.GetAsync($"/api/v1/commands/{queued.Id}/events", HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync());
        Assert.Equal("event: command", await reader.ReadLineAsync());
        await hub.TamperAsync($"UPDATE pending_commands SET status = 'cancelled', finished_at = created_at WHERE id = {queued.Id}");
        var rest = reader.ReadToEndAsync();
        await Eventually.TrueAsync(() =>
        {
            clock.Advance(TimeSpan.FromSeconds(5));
            return rest.IsCompleted;
        });
        Assert.Contains("\"status\":\"cancelled\"", await rest, StringComparison.Ordinal);
        Assert.EndsWith("event: end\ndata: {}\n\n", await rest, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stopping_hub_does_not_wait_for_its_streams()
    {
        var hub = await RunningHub.StartAsync();
        using var desk = await Desk.OfAsync(hub);
        await hub.LegacyAgentAsync("web-01");
        var queued = await desk.KillAsync("web-01");
        using var answer = await desk.Http.GetAsync($"/api/v1/commands/{queued.Id}/events", HttpCompletionOption.ResponseHeadersRead);
        await hub.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(15));
    }

    [Fact]
    public async Task The_deepest_data_that_is_taken_can_be_shown_everywhere()
    {
        await using var hub = await RunningHub.StartAsync();
        using var desk = await Desk.OfAsync(hub);
        using var sentinel = hub.Client((await hub.LegacyAgentAsync("web-01")).Token);
        var queued = await desk.KillAsync("web-01");
        using var polled = await sentinel.GetAsync("/command/poll?host=web-01");
        await Desk.AnswerOf(polled, 200);
        foreach (var (depth, status) in new[] { (25, 400), (24, 200) })
        {
            var data = new string('[', depth) + new string(']', depth);
            using var body = new StringContent($$"""{"command_id":{{queued.Id}},"success":true,"data":{{data}}}""", null, "application/json");
            using var said = await sentinel.PostAsync("/command/result", body);
            await Desk.AnswerOf(said, status);
        }
        await desk.GetAsync("/api/v1/commands");
        await desk.GetAsync($"/api/v1/commands/{queued.Id}");
    }

    [Theory]
    [InlineData("""{"os":"\ud800"}""")]
    [InlineData("""{"\ud800":1,"isolated":true}""")]
    public async Task Half_a_character_in_telemetry_is_refused_and_not_failed_on(string json)
    {
        await using var hub = await RunningHub.StartAsync();
        using var sentinel = hub.Client((await hub.LegacyAgentAsync("web-01")).Token);
        using var body = new StringContent(json, null, "application/json");
        using var answer = await sentinel.PostAsync("/telemetry", body);
        await Desk.AnswerOf(answer, 400);
    }
}
