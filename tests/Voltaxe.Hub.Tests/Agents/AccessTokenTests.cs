using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Voltaxe.Testing;
using Voltaxe.Testing.Wire;
using static Voltaxe.Hub.Tests.Agents.EnrolmentTests;

namespace Voltaxe.Hub.Tests.Agents;

public sealed class AccessTokenTests(HubForAll shared) : IClassFixture<HubForAll>
{
    public static TheoryData<string> Databases => RunningHub.Databases;

    public static TheoryData<string> Spoilt => [.. Spoils.Keys];

    private static readonly Dictionary<string, Action<JsonObject, JsonObject>> Spoils = new()
    {
        ["no algorithm"] = (h, _) => h["alg"] = "none",
        ["a symmetric algorithm"] = (h, _) => h["alg"] = "HS256",
        ["no type"] = (h, _) => h.Remove("typ"),
        ["a key of its own"] = (h, _) => h["jwk"] = new JsonObject(),
        ["a critical header"] = (h, _) => h["crit"] = new JsonArray("exp"),
        ["another hub"] = (_, c) => c["aud"] = "h-other",
        ["another subject"] = (_, c) => c["sub"] = "a-aaaaaaaaaaaaaaaaaaaaaaaaaa",
        ["an unknown agent"] = (_, c) => (c["iss"], c["sub"]) = ("a-aaaaaaaaaaaaaaaaaaaaaaaaaa", "a-aaaaaaaaaaaaaaaaaaaaaaaaaa"),
        ["no audience"] = (_, c) => c.Remove("aud"),
        ["no id"] = (_, c) => c.Remove("jti"),
        ["an endless id"] = (_, c) => c["jti"] = new string('x', 1000),
        ["too long a life"] = (_, c) => c["exp"] = c["iat"]!.GetValue<long>() + 330,
        ["an end in the past"] = (_, c) => c["exp"] = c["iat"]!.GetValue<long>() - 1,
        ["a start in the future"] = (_, c) => c["iat"] = c["iat"]!.GetValue<long>() + 120,
        ["an end in words"] = (_, c) => c["exp"] = "soon",
    };

    [Theory]
    [MemberData(nameof(Spoilt))]
    public async Task An_assertion_with_anything_wrong_is_refused_and_told_the_time(string what)
    {
        var hub = shared.Hub;
        var agent = await WireIdentity.EnrolAsync(hub.Http, await hub.EnrolmentTokenAsync(), $"web-{Guid.NewGuid():N}");
        var text = await TextAsync(agent.TryTokenAsync(agent.Assertion(Spoils[what])), 401);
        Assert.NotNull(JsonNode.Parse(text)!["hub_time"]);
        await TextAsync(agent.TryTokenAsync(agent.Assertion()), 200);
    }

    [Fact]
    public async Task An_assertion_signed_by_another_key_is_refused()
    {
        await using var hub = await RunningHub.StartAsync();
        var agent = await WireIdentity.EnrolAsync(hub.Http, await hub.EnrolmentTokenAsync(), "web-01");
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await TextAsync(agent.TryTokenAsync(agent.Assertion(signedBy: other)), 401);
        await TextAsync(agent.TryTokenAsync(agent.Assertion()[..^4] + "AAAA"), 401);
        await TextAsync(agent.TryTokenAsync(""), 401);
        await TextAsync(agent.TryTokenAsync("a.b.c.d"), 401);
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task An_assertion_counts_once_even_twenty_times_at_once_and_after_a_restart(string database)
    {
        await using var hub = await RunningHub.StartAsync(database);
        var agent = await WireIdentity.EnrolAsync(hub.Http, await hub.EnrolmentTokenAsync(), "web-01");
        var assertion = agent.Assertion();
        var codes = await AtOnceAsync(20, async _ =>
        {
            using var answer = await agent.TryTokenAsync(assertion);
            return answer.StatusCode;
        });
        Assert.Single(codes, HttpStatusCode.OK);
        Assert.Equal(19, codes.Count(c => c == HttpStatusCode.Unauthorized));
        await using var again = await hub.AnotherAsync();
        using var late = await System.Net.Http.Json.HttpClientJsonExtensions.PostAsJsonAsync(again.Http, "/agent/v1/token", new JsonObject { ["assertion"] = assertion });
        Assert.Equal(HttpStatusCode.Unauthorized, late.StatusCode);
    }

    [Fact]
    public async Task A_host_whose_clock_is_ten_years_off_gets_in_with_the_hubs_time()
    {
        await using var hub = await RunningHub.StartAsync(clock: new ManualClock(new DateTimeOffset(2016, 3, 1, 0, 0, 0, TimeSpan.Zero)));
        var agent = await WireIdentity.EnrolAsync(hub.Http, await hub.EnrolmentTokenAsync(), "web-01");
        await Assert.ThrowsAsync<InvalidOperationException>(agent.AccessTokenAsync);
        Assert.Equal(2016, agent.HubTime!.Value.Year);
        Assert.StartsWith("vtx_agt_", await agent.AccessTokenAsync());
    }

    [Fact]
    public async Task How_wrong_a_hosts_clock_is_can_be_seen_until_it_is_right_again()
    {
        var clock = new ManualClock(TimeProvider.System.GetUtcNow());
        await using var hub = await RunningHub.StartAsync(clock: clock);
        var agent = await WireIdentity.EnrolAsync(hub.Http, await hub.EnrolmentTokenAsync(), "web-01");
        await TextAsync(agent.TryTokenAsync(agent.Assertion(Stamped(TimeSpan.FromDays(400)))), 401);
        Assert.Equal(400, Math.Round((await SkewAsync(hub))!.Value.TotalDays));
        // The retry is stamped with the hub's own time, and says nothing about the host's.
        await TextAsync(agent.TryTokenAsync(agent.Assertion(Stamped(TimeSpan.Zero))), 200);
        Assert.Equal(400, Math.Round((await SkewAsync(hub))!.Value.TotalDays));

        clock.Advance(TimeSpan.FromMinutes(45));
        await TextAsync(agent.TryTokenAsync(agent.Assertion(Stamped(TimeSpan.FromMinutes(-3)))), 200);
        Assert.Equal(-3, Math.Round((await SkewAsync(hub))!.Value.TotalMinutes));
        clock.Advance(TimeSpan.FromMinutes(45));
        await TextAsync(agent.TryTokenAsync(agent.Assertion(Stamped(TimeSpan.Zero))), 200);
        Assert.Null(await SkewAsync(hub));

        // Who does not hold the key says nothing about the clock.
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await TextAsync(agent.TryTokenAsync(agent.Assertion(Stamped(TimeSpan.FromDays(1)), other)), 401);
        Assert.Null(await SkewAsync(hub));

        Action<JsonObject, JsonObject> Stamped(TimeSpan ahead) => (_, claims) =>
        {
            var issued = (clock.GetUtcNow() + ahead).ToUnixTimeSeconds();
            (claims["iat"], claims["exp"]) = (issued, issued + 240);
        };
    }

    private static async Task<TimeSpan?> SkewAsync(RunningHub hub) =>
        (await hub.Get<Voltaxe.Contracts.Operators.IHubReader>().FindAgentAsync("web-01", default))!.ClockSkew;

    [Fact]
    public async Task A_token_ends_after_an_hour()
    {
        var clock = new ManualClock(TimeProvider.System.GetUtcNow());
        await using var hub = await RunningHub.StartAsync(clock: clock);
        var agent = await WireIdentity.EnrolAsync(hub.Http, await hub.EnrolmentTokenAsync(), "web-01");
        Assert.Contains("\"expires_in\":3600", await TextAsync(agent.TryTokenAsync(agent.Assertion()), 200));
        await TextAsync(agent.SendAsync(HttpMethod.Get, "/command/poll?host=web-01"), 200);
        clock.Advance(TimeSpan.FromMinutes(59));
        await TextAsync(agent.SendAsync(HttpMethod.Get, "/command/poll?host=web-01"), 200);
        clock.Advance(TimeSpan.FromMinutes(2));
        await TextAsync(agent.SendAsync(HttpMethod.Get, "/command/poll?host=web-01"), 401);
    }
}
