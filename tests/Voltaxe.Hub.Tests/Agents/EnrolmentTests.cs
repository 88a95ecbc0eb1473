using System.Net;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Voltaxe.Hub.Agents;
using Voltaxe.Testing;
using Voltaxe.Testing.Wire;

namespace Voltaxe.Hub.Tests.Agents;

public sealed class EnrolmentTests(HubForAll shared) : IClassFixture<HubForAll>
{
    public static TheoryData<string> Databases => RunningHub.Databases;

    [Fact]
    public async Task A_host_with_a_token_and_its_key_becomes_an_agent_and_signs_in()
    {
        await using var hub = await RunningHub.StartAsync();
        var agent = await WireIdentity.EnrolAsync(hub.Http, await hub.EnrolmentTokenAsync(), "web-01");
        using var answer = await agent.SendAsync(HttpMethod.Get, "/command/poll?host=web-01");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains($"agent:{agent.AgentId} agent_enrolled agent:{agent.AgentId} done", await hub.AuditAsync());
    }

    [Fact]
    public async Task The_same_enrolment_again_gets_the_same_answer_and_uses_nothing_up()
    {
        await using var hub = await RunningHub.StartAsync();
        var token = await hub.EnrolmentTokenAsync();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var first = await TextAsync(WireIdentity.TryEnrolAsync(hub.Http, token, "web-01", key), 201);
        Assert.Equal(first, await TextAsync(WireIdentity.TryEnrolAsync(hub.Http, token, "WEB-01", key), 201));
        await TextAsync(WireIdentity.TryEnrolAsync(hub.Http, token, "other", key), 409);
        using var stranger = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await TextAsync(WireIdentity.TryEnrolAsync(hub.Http, token, "web-02", stranger), 401);
        Assert.Equal(1, await hub.ReadAsync(db => db.Agents.CountAsync()));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Of_fifty_hosts_at_once_as_many_enrol_as_the_token_has_uses(string database)
    {
        await using var hub = await RunningHub.StartAsync(database);
        foreach (var uses in new[] { 1, 7 })
        {
            var token = await hub.EnrolmentTokenAsync(uses);
            var codes = await AtOnceAsync(50, async i =>
            {
                using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
                using var answer = await WireIdentity.TryEnrolAsync(hub.Http, token, $"host-{uses}-{i}", key);
                return answer.StatusCode;
            });
            Assert.Equal(uses, codes.Count(c => c == HttpStatusCode.Created));
            Assert.Equal(50 - uses, codes.Count(c => c == HttpStatusCode.Unauthorized));
        }
        Assert.Equal(8, await hub.ReadAsync(db => db.Agents.CountAsync()));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Fifty_copies_of_one_enrolment_at_once_get_one_answer(string database)
    {
        await using var hub = await RunningHub.StartAsync(database);
        var token = await hub.EnrolmentTokenAsync();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var answers = await AtOnceAsync(50, async _ => await TextAsync(WireIdentity.TryEnrolAsync(hub.Http, token, "web-01", key), 201));
        Assert.Single(answers.Distinct());
        Assert.Equal(1, await hub.ReadAsync(db => db.Agents.CountAsync()));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Of_twenty_tokens_for_one_host_name_at_once_one_wins_and_the_others_keep_their_use(string database)
    {
        await using var hub = await RunningHub.StartAsync(database);
        var tokens = new List<string>();
        for (var i = 0; i < 20; i++)
            tokens.Add(await hub.EnrolmentTokenAsync());
        var codes = await AtOnceAsync(20, async i =>
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            using var answer = await WireIdentity.TryEnrolAsync(hub.Http, tokens[i], i % 2 == 0 ? "web-01" : "Web-01", key);
            return answer.StatusCode;
        });
        Assert.Single(codes, HttpStatusCode.Created);
        Assert.Equal(19, codes.Count(c => c == HttpStatusCode.Conflict));
        Assert.Equal(19, await hub.ReadAsync(db => db.EnrolmentTokens.SumAsync(t => t.UsesLeft)));
    }

    [Fact]
    public async Task A_refusal_uses_nothing_up()
    {
        await using var hub = await RunningHub.StartAsync();
        await WireIdentity.EnrolAsync(hub.Http, await hub.EnrolmentTokenAsync(), "taken");
        var token = await hub.EnrolmentTokenAsync();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Assert.Contains("\"proof\"", await TextAsync(WireIdentity.TryEnrolAsync(hub.Http, token, "web-01", key, proof: "AAAA"), 400));
        Assert.Contains("\"proof\"", await TextAsync(WireIdentity.TryEnrolAsync(hub.Http, token, "web-01", key, proof: Contracts.Crypto.P256.Sign(key, $"{token}|web-02|x")), 400));
        Assert.Contains("hostname_taken", await TextAsync(WireIdentity.TryEnrolAsync(hub.Http, token, "TAKEN", key), 409));
        await TextAsync(WireIdentity.TryEnrolAsync(hub.Http, token, "web-01", key), 201);
    }

    [Theory]
    [InlineData("")]
    [InlineData("web 01")]
    [InlineData("<script>")]
    [InlineData("web\n01")]
    [InlineData("wéb")]
    [InlineData("A-ABCDEFGHIJKLMNOPQRSTUVWXYZ")]
    public async Task A_name_that_is_none_is_refused_by_its_field(string hostname)
    {
        var hub = shared.Hub;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Assert.Contains("\"hostname\"", await TextAsync(WireIdentity.TryEnrolAsync(hub.Http, await hub.EnrolmentTokenAsync(), hostname, key), 400));
        Assert.Equal(0, await hub.ReadAsync(db => db.Agents.CountAsync()));
    }

    [Fact]
    public async Task A_key_of_another_curve_is_refused()
    {
        await using var hub = await RunningHub.StartAsync();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        Assert.Contains("\"public_key\"", await TextAsync(WireIdentity.TryEnrolAsync(hub.Http, await hub.EnrolmentTokenAsync(), "web-01", key), 400));
    }

    [Fact]
    public async Task An_unknown_an_edited_and_an_ended_token_are_refused_alike()
    {
        var clock = new ManualClock();
        await using var hub = await RunningHub.StartAsync(clock: clock);
        var token = await hub.EnrolmentTokenAsync(seconds: 60);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await TextAsync(WireIdentity.TryEnrolAsync(hub.Http, "nonsense", "web-01", key), 401);
        await TextAsync(WireIdentity.TryEnrolAsync(hub.Http, token[..12] + (token[12] == 'A' ? 'B' : 'A') + token[13..], "web-01", key), 401);
        clock.Advance(TimeSpan.FromSeconds(61));
        await TextAsync(WireIdentity.TryEnrolAsync(hub.Http, token, "web-01", key), 401);
        Assert.Equal(0, await hub.ReadAsync(db => db.Agents.CountAsync()));
    }

    [Fact]
    public async Task Where_an_admin_allowed_it_the_next_key_takes_the_name_and_the_old_agent_is_out()
    {
        await using var hub = await RunningHub.StartAsync();
        var old = await WireIdentity.EnrolAsync(hub.Http, await hub.EnrolmentTokenAsync(), "web-01");
        using var before = await old.SendAsync(HttpMethod.Get, "/command/poll?host=web-01");
        Assert.Equal(HttpStatusCode.OK, before.StatusCode);
        await hub.TamperAsync($"UPDATE agents SET may_be_replaced = TRUE WHERE id = {old.AgentId}");
        var successor = await WireIdentity.EnrolAsync(hub.Http, await hub.EnrolmentTokenAsync(), "web-01");
        using var after = await old.SendAsync(HttpMethod.Get, "/command/poll?host=web-01");
        Assert.Equal(HttpStatusCode.Unauthorized, after.StatusCode);
        Assert.Contains($"agent:{successor.AgentId} agent_revoked agent:{old.AgentId} done", await hub.AuditAsync());
        using var third = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await TextAsync(WireIdentity.TryEnrolAsync(hub.Http, await hub.EnrolmentTokenAsync(), "web-01", third), 409);
    }

    [Fact]
    public async Task A_revoked_key_does_not_come_back()
    {
        await using var hub = await RunningHub.StartAsync();
        var token = await hub.EnrolmentTokenAsync(uses: 2);
        var agent = await WireIdentity.EnrolAsync(hub.Http, token, "web-01");
        await hub.SendAsync(new RevokeAgent.Request(agent.AgentId, new("boss", Hub.Security.Role.Admin)));
        await TextAsync(WireIdentity.TryEnrolAsync(hub.Http, token, "web-01", agent.Key), 403);
        await TextAsync(WireIdentity.TryEnrolAsync(hub.Http, await hub.EnrolmentTokenAsync(), "web-01", agent.Key), 403);
        using var fresh = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await TextAsync(WireIdentity.TryEnrolAsync(hub.Http, token, "web-01", fresh), 201);
    }

    internal static async Task<string> TextAsync(Task<HttpResponseMessage> asked, int expected)
    {
        using var answer = await asked;
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True((int)answer.StatusCode == expected, $"{(int)answer.StatusCode}, not {expected}: {text}");
        return text;
    }

    internal static async Task<T[]> AtOnceAsync<T>(int count, Func<int, Task<T>> act)
    {
        var start = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var all = Enumerable.Range(0, count).Select(async i =>
        {
            await start.Task;
            return await act(i);
        }).ToArray();
        start.SetResult();
        return await Task.WhenAll(all);
    }
}
