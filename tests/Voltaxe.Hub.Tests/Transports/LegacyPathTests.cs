using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Voltaxe.Testing;
using Voltaxe.Testing.Wire;

namespace Voltaxe.Hub.Tests.Transports;

/// <summary>A Sentinel that cannot send a header: its token stands in the path, and nowhere else afterwards.</summary>
public sealed class LegacyPathTests
{
    private const string Host = "web-01";

    [Fact]
    public async Task Switched_on_the_token_in_the_path_opens_the_seeds_routes_and_stays_out_of_logs_and_traces()
    {
        await using var run = await Run.StartAsync(tokenInPath: true);
        await using var sentinel = new SeedAgent(run.Hub.Http, Host, run.Token, tokenInPath: true);
        using var desk = await Desk.OfAsync(run.Hub);
        var queued = await desk.IsolateAsync(Host);
        Assert.Equal(Reported.Recorded, await sentinel.ReportAsync((await sentinel.NextAsync())!, true, "isolated"));
        Assert.Equal(Contracts.Commands.CommandStatus.Executed, (await desk.CommandAsync(queued.Id)).Status);
        await run.PostAsync("/telemetry", 200);

        // Nothing else opens with it, and what does not open is not logged with it either.
        foreach (var path in new[] { "/api/v1/commands", "/agent/v1/sync", "/telemetry/", "", "/", "/command/poll/x", "//command/poll" })
            await run.GetAsync(path, 401);
        await run.GetAsync("/command/poll", 400);
        await run.GetAsync("/command/poll?host=other", 403);
        run.AssertSilent();
    }

    [Fact]
    public async Task Switched_off_there_is_nothing_there_and_the_token_is_still_kept_quiet()
    {
        await using var run = await Run.StartAsync(tokenInPath: false);
        await run.GetAsync($"/command/poll?host={Host}", 401);
        await run.PostAsync("/telemetry", 401);
        using var desk = await Desk.OfAsync(run.Hub);
        await desk.GetAsync($"/legacy/{run.Token}/command/poll?host={Host}", 404);
        run.AssertSilent();
    }

    /// <summary>A hub whose every log line and every trace is kept, with the framework's own request log switched on.</summary>
    private sealed class Run : IAsyncDisposable
    {
        private readonly ConcurrentQueue<string> said;
        private readonly ActivityListener listener;

        private Run(RunningHub hub, string token, ConcurrentQueue<string> said, ActivityListener listener) => (Hub, Token, this.said, this.listener) = (hub, token, said, listener);

        public RunningHub Hub { get; }
        public string Token { get; }

        public static async Task<Run> StartAsync(bool tokenInPath)
        {
            var said = new ConcurrentQueue<string>();
            var listener = new ActivityListener
            {
                ShouldListenTo = source => source.Name.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal),
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
                ActivityStopped = activity => said.Enqueue($"trace {activity.DisplayName} {string.Join(' ', activity.TagObjects)}"),
            };
            ActivitySource.AddActivityListener(listener);
            var hub = await RunningHub.StartAsync(
                builder =>
                {
                    builder.Logging.AddProvider(new Book(said));
                    builder.Services.PostConfigure<LoggerFilterOptions>(o =>
                    {
                        o.Rules.Clear();
                        o.MinLevel = LogLevel.Trace;
                    });
                },
                ("Voltaxe:Legacy:TokenInPath", tokenInPath ? "true" : "false"));
            return new Run(hub, (await hub.LegacyAgentAsync(Host)).Token, said, listener);
        }

        public async Task GetAsync(string path, int expected)
        {
            using var answer = await Hub.Http.GetAsync($"/legacy/{Token}{path}");
            await Desk.AnswerOf(answer, expected);
        }

        public async Task PostAsync(string path, int expected)
        {
            using var body = new StringContent("""{"isolated":true}""", System.Text.Encoding.UTF8, "application/json");
            using var answer = await Hub.Http.PostAsync($"/legacy/{Token}{path}", body);
            await Desk.AnswerOf(answer, expected);
        }

        public void AssertSilent()
        {
            var secret = Token[^43..];
            Assert.DoesNotContain(said, line => line.Contains(secret, StringComparison.OrdinalIgnoreCase));
            Assert.Contains(said, line => line.Contains("Microsoft.AspNetCore.Hosting.Diagnostics", StringComparison.Ordinal) && line.Contains("/legacy", StringComparison.Ordinal));
            Assert.Contains(said, line => line.StartsWith("trace ", StringComparison.Ordinal));
        }

        public async ValueTask DisposeAsync()
        {
            await Hub.DisposeAsync();
            listener.Dispose();
        }
    }

    private sealed class Book(ConcurrentQueue<string> said) : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) => new Page(said, categoryName);

        public void Dispose() { }
    }

    private sealed class Page(ConcurrentQueue<string> said, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull
        {
            said.Enqueue($"scope {category} {state}");
            return null;
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            said.Enqueue($"{category} {formatter(state, exception)} {exception}");
    }
}
