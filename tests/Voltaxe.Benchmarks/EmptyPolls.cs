using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;
using Voltaxe.Testing.Wire;

namespace Voltaxe.Benchmarks;

/// <summary>Row 3: polls that find nothing, against a bare minimal-API endpoint that reads and writes the same JSON. Both sides in turn, medians.</summary>
public static class EmptyPolls
{
    private const int Connections = 16, Rounds = 5;
    private static readonly TimeSpan RoundLength = TimeSpan.FromSeconds(3);

    public static async Task<IReadOnlyList<string>> MeasureAsync()
    {
        await using var hub = await BenchHub.StartAsync();
        await using var bare = await BareAsync();
        var bareUrl = new Uri(bare.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        using var http = new HttpClient { BaseAddress = hub.Url };
        var token = await hub.EnrolmentTokenAsync();
        var agents = new List<(WireAgent Agent, string Token)>();
        for (var i = 0; i < Connections; i++)
        {
            var identity = await WireIdentity.EnrolAsync(http, token, $"poller-{i}");
            agents.Add((new WireAgent(identity), await identity.AccessTokenAsync()));
        }
        List<double> hubRates = [], seedRates = [], bareRates = [], getRates = [];
        for (var round = 0; round <= Rounds; round++)
        {
            var polled = await RateAsync(hub.Url, i => Sync(agents[i].Agent, agents[i].Token));
            var seed = await RateAsync(hub.Url, i => Get($"/command/poll?host=poller-{i}", agents[i].Token));
            var post = await RateAsync(bareUrl, i => Sync(agents[i].Agent, agents[i].Token));
            var get = await RateAsync(bareUrl, i => Get("/empty", agents[i].Token));
            if (round == 0)
                continue; // warm-up
            hubRates.Add(polled);
            seedRates.Add(seed);
            bareRates.Add(post);
            getRates.Add(get);
        }
        return
        [
            $"empty syncs | {Median(hubRates):0}/s | bare POST, same JSON {Median(bareRates):0}/s | {Median(hubRates) / Median(bareRates):0.00}",
            $"empty polls on the seed's route | {Median(seedRates):0}/s | bare GET, same JSON {Median(getRates):0}/s | {Median(seedRates) / Median(getRates):0.00}",
        ];
    }

    private static async Task<WebApplication> BareAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration["urls"] = "http://127.0.0.1:0";
        builder.Services.ConfigureHttpJsonOptions(o => o.SerializerOptions.TypeInfoResolverChain.Insert(0, WireJson.Default));
        var app = builder.Build();
        app.MapPost(AgentRoutes.Sync, async (HttpContext context) =>
        {
            await JsonSerializer.DeserializeAsync(context.Request.Body, WireJson.Default.SyncRequest);
            return Results.Json(new SyncReply { HubTime = TimeProvider.System.GetUtcNow(), NextPollSeconds = 10 }, WireJson.Default.SyncReply);
        });
        app.MapGet("/empty", () => Results.Json(new SeedPollReply([]), WireJson.Default.SeedPollReply));
        await app.StartAsync();
        return app;
    }

    private static HttpRequestMessage Sync(WireAgent agent, string token)
    {
        JsonObject sync = agent.NewSync();
        return new(HttpMethod.Post, AgentRoutes.Sync)
        {
            Content = new StringContent(sync.ToJsonString(), Encoding.UTF8, "application/json"),
            Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) },
        };
    }

    private static HttpRequestMessage Get(string path, string token) =>
        new(HttpMethod.Get, path) { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) } };

    private static async Task<double> RateAsync(Uri url, Func<int, HttpRequestMessage> request)
    {
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = Connections }) { BaseAddress = url };
        var clock = Stopwatch.StartNew();
        var counts = await Task.WhenAll(Enumerable.Range(0, Connections).Select(i => Task.Run(async () =>
        {
            var count = 0;
            while (clock.Elapsed < RoundLength)
            {
                using var message = request(i);
                using var response = await http.SendAsync(message);
                response.EnsureSuccessStatusCode();
                await response.Content.ReadAsByteArrayAsync();
                count++;
            }
            return count;
        })));
        return counts.Sum() / clock.Elapsed.TotalSeconds;
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }
}
