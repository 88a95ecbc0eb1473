using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Voltaxe.Contracts.Commands;
using Voltaxe.Hub.Security;
using Voltaxe.Hub.Tests.Transports;
using Voltaxe.Testing;
using Voltaxe.Testing.Wire;
using static Voltaxe.Hub.Tests.Agents.EnrolmentTests;

namespace Voltaxe.Hub.Tests.Agents;

/// <summary><c>POST /api/v1/agents/{id}/replace</c>: the next enrolment of the name takes it (protocol, sections 4 and 7).</summary>
public sealed class ReplacementTests
{
    public static TheoryData<string> Databases => RunningHub.Databases;

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task The_next_key_takes_the_name_once_and_the_old_agent_is_out_with_its_commands(string database)
    {
        await using var hub = await RunningHub.StartAsync(database);
        using var desk = await Desk.OfAsync(hub);
        var old = await WireIdentity.EnrolAsync(hub.Http, await hub.EnrolmentTokenAsync(), "web-01");
        await desk.IsolateAsync("web-01");
        using (var poll = await old.SendAsync(HttpMethod.Get, "/command/poll?host=web-01"))
            Assert.Equal(HttpStatusCode.OK, poll.StatusCode);
        await desk.CollectAsync("web-01");

        using var stranger = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await TextAsync(WireIdentity.TryEnrolAsync(hub.Http, await hub.EnrolmentTokenAsync(), "web-01", stranger), 409);
        var allowed = JsonNode.Parse(await TextAsync(desk.Http.PostAsync(Path(old.AgentId), null), 200))!;
        Assert.Equal((old.AgentId, "web-01", 2), (allowed["id"]!.GetValue<string>(), allowed["host"]!.GetValue<string>(), allowed["open_commands"]!.GetValue<int>()));
        Assert.Equal(allowed.ToJsonString(), JsonNode.Parse(await TextAsync(desk.Http.PostAsync(Path(old.AgentId), null), 200))!.ToJsonString());
        using (var poll = await old.SendAsync(HttpMethod.Get, "/command/poll?host=web-01"))
            Assert.Equal(HttpStatusCode.OK, poll.StatusCode); // Until somebody takes the name, nothing has changed for it.

        var successor = await WireIdentity.EnrolAsync(hub.Http, await hub.EnrolmentTokenAsync(), "WEB-01");
        using (var poll = await old.SendAsync(HttpMethod.Get, "/command/poll?host=web-01"))
            Assert.Equal(HttpStatusCode.Unauthorized, poll.StatusCode);
        var commands = await hub.ReadAsync(db => db.Commands.OrderBy(c => c.Id).ToListAsync());
        Assert.Equal([(CommandStatus.Unknown, (UnknownWhy?)UnknownWhy.AgentRetired), (CommandStatus.Unknown, UnknownWhy.AgentRetired)], commands.Select(c => (c.Status, c.UnknownWhy)));
        Assert.Equal(successor.AgentId, (await desk.GetAsync("/api/v1/agents/web-01"))["id"]!.GetValue<string>());

        // Used up: neither the new agent nor the old one can be replaced by the same permission.
        using var third = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await TextAsync(WireIdentity.TryEnrolAsync(hub.Http, await hub.EnrolmentTokenAsync(), "web-01", third), 409);
        await TextAsync(desk.Http.PostAsync(Path(old.AgentId), null), 404);
        var audit = await hub.AuditAsync();
        Assert.Single(audit, line => line.EndsWith($" agent_replacement_allowed agent:{old.AgentId} done", StringComparison.Ordinal));
        Assert.Single(audit, $"agent:{successor.AgentId} agent_revoked agent:{old.AgentId} done");
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task What_waits_is_cancelled_and_a_legacy_agent_gives_its_name_to_one_with_a_key(string database)
    {
        await using var hub = await RunningHub.StartAsync(database);
        using var desk = await Desk.OfAsync(hub);
        var legacy = await hub.LegacyAgentAsync("old-01");
        using var sentinel = hub.Client(legacy.Token);
        await desk.IsolateAsync("old-01");
        await TextAsync(sentinel.GetAsync("/command/poll?host=old-01"), 200);
        await desk.CollectAsync("old-01");
        await TextAsync(desk.Http.PostAsync(Path(legacy.AgentId), null), 200);

        // Another static token is no key: the name stays taken, and the permission stands.
        await TextAsync(desk.PostAsync("/api/v1/agents", new JsonObject { ["hostname"] = "old-01", ["legacy"] = true }), 409);
        var successor = await WireIdentity.EnrolAsync(hub.Http, await hub.EnrolmentTokenAsync(), "old-01");
        await TextAsync(sentinel.GetAsync("/command/poll?host=old-01"), 401);
        var commands = await hub.ReadAsync(db => db.Commands.OrderBy(c => c.Id).ToListAsync());
        Assert.Equal([CommandStatus.Unknown, CommandStatus.Cancelled], commands.Select(c => c.Status));
        using var poll = await successor.SendAsync(HttpMethod.Get, "/command/poll?host=old-01");
        Assert.Equal(HttpStatusCode.OK, poll.StatusCode);
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Of_twelve_that_enrol_at_once_one_takes_the_name_and_the_others_keep_their_tokens_use(string database)
    {
        await using var hub = await RunningHub.StartAsync(database);
        using var desk = await Desk.OfAsync(hub);
        var old = await WireIdentity.EnrolAsync(hub.Http, await hub.EnrolmentTokenAsync(), "web-01");
        await TextAsync(desk.Http.PostAsync(Path(old.AgentId), null), 200);
        var tokens = new List<string>();
        for (var i = 0; i < 12; i++)
            tokens.Add(await hub.EnrolmentTokenAsync());
        var codes = await AtOnceAsync(12, async i =>
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            using var answer = await WireIdentity.TryEnrolAsync(hub.Http, tokens[i], i % 2 == 0 ? "web-01" : "Web-01", key);
            return answer.StatusCode;
        });
        Assert.Single(codes, HttpStatusCode.Created);
        Assert.Equal(11, codes.Count(c => c == HttpStatusCode.Conflict));
        Assert.Equal(1, await hub.ReadAsync(db => db.Agents.CountAsync(a => a.RevokedAt == null)));
        Assert.Equal(2, await hub.ReadAsync(db => db.Agents.CountAsync()));
        Assert.Equal(11, await hub.ReadAsync(db => db.EnrolmentTokens.SumAsync(t => t.UsesLeft)));
        Assert.Single(await hub.AuditAsync(), line => line.EndsWith($"agent_revoked agent:{old.AgentId} done", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Allowed_and_revoked_at_once_the_agent_is_revoked_and_nobody_is_let_in_by_it(string database)
    {
        await using var hub = await RunningHub.StartAsync(database);
        using var desk = await Desk.OfAsync(hub);
        var old = await hub.LegacyAgentAsync("web-01");
        var codes = await AtOnceAsync(8, async i =>
        {
            using var answer = i == 3 ? await desk.Http.DeleteAsync("/api/v1/agents/" + old.AgentId) : await desk.Http.PostAsync(Path(old.AgentId), null);
            return (int)answer.StatusCode;
        });
        Assert.Equal(204, codes[3]);
        Assert.All(codes.Where((_, i) => i != 3), code => Assert.True(code is 200 or 404, $"{code}"));
        Assert.False(await hub.ReadAsync(db => db.Agents.AnyAsync(a => a.MayBeReplaced)));
        Assert.InRange((await hub.AuditAsync()).Count(line => line.Contains("agent_replacement_allowed", StringComparison.Ordinal)), 0, 1);
    }

    [Fact]
    public async Task Only_an_admin_may_and_what_is_no_agent_is_not_found()
    {
        await using var hub = await RunningHub.StartAsync();
        var agent = await hub.LegacyAgentAsync("web-01");
        await TextAsync(hub.Http.PostAsync(Path(agent.AgentId), null), 401);
        foreach (var role in Enum.GetValues<Role>().Where(r => r != Role.Admin))
        {
            using var other = await hub.OperatorAsync(role);
            await TextAsync(other.PostAsync(Path(agent.AgentId), null), 403);
            await TextAsync(other.PostAsync(Path("nobody"), null), 403);
        }
        using var sentinel = hub.Client(agent.Token);
        await TextAsync(sentinel.PostAsync(Path(agent.AgentId), null), 403);
        using var admin = await hub.OperatorAsync(Role.Admin);
        foreach (var id in new[] { "web-01", "nobody", "a-" + new string('a', 26), agent.AgentId.ToUpperInvariant() })
            Assert.Contains("\"id\"", await TextAsync(admin.PostAsync(Path(id), null), 404), StringComparison.Ordinal);
        Assert.False(await hub.ReadAsync(db => db.Agents.AnyAsync(a => a.MayBeReplaced)));
    }

    private static string Path(string id) => $"/api/v1/agents/{id}/replace";
}
