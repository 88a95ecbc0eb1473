using System.Net;
using Microsoft.EntityFrameworkCore;
using Voltaxe.Contracts.Commands;
using Voltaxe.Hub.Agents;
using Voltaxe.Hub.Pipeline;
using Voltaxe.Hub.Security;
using Voltaxe.Testing;
using Voltaxe.Testing.Wire;
using static Voltaxe.Hub.Tests.Agents.EnrolmentTests;

namespace Voltaxe.Hub.Tests.Agents;

public sealed class RevocationTests
{
    public static TheoryData<string> Databases => RunningHub.Databases;

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Revoking_cancels_what_waits_and_admits_not_to_know_of_what_was_handed_out(string database)
    {
        await using var hub = await RunningHub.StartAsync(database);
        using var admin = await hub.OperatorAsync(Role.Admin);
        var agent = await hub.LegacyAgentAsync("web-01");
        using var sentinel = hub.Client(agent.Token);
        await QueueAsync(admin, "network_isolate");
        await TextAsync(sentinel.GetAsync("/command/poll?host=web-01"), 200);
        await QueueAsync(admin, "collect_forensics");
        await TextAsync(admin.DeleteAsync("/api/v1/agents/" + agent.AgentId), 204);
        var commands = await hub.ReadAsync(db => db.Commands.OrderBy(c => c.Id).ToListAsync());
        Assert.Equal([CommandStatus.Unknown, CommandStatus.Cancelled], commands.Select(c => c.Status));
        Assert.Equal(UnknownWhy.AgentRetired, commands[0].UnknownWhy);
        await TextAsync(sentinel.GetAsync("/command/poll?host=web-01"), 401);
        await TextAsync(admin.DeleteAsync("/api/v1/agents/" + agent.AgentId), 404);
        Assert.Contains(await hub.AuditAsync(), line => line.Contains("agent_revoked", StringComparison.Ordinal));
        Assert.NotEqual(agent.AgentId, (await hub.LegacyAgentAsync("web-01")).AgentId);
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task A_revocation_reaches_a_node_that_knows_the_token_by_heart(string database)
    {
        await using var here = await RunningHub.StartAsync(database);
        await using var there = await here.AnotherAsync();
        var agent = await here.LegacyAgentAsync("web-01");
        using var sentinel = there.Client(agent.Token);
        await TextAsync(sentinel.GetAsync("/command/poll?host=web-01"), 200);
        var told = new TaskCompletionSource<string>();
        there.Get<AgentRevocations>().Revoked += id => told.TrySetResult(id);
        await here.SendAsync(new RevokeAgent.Request(agent.AgentId, new Caller("boss", Role.Admin)));
        Assert.Equal(agent.AgentId, await told.Task.Within(TimeSpan.FromSeconds(5)));
        await TextAsync(sentinel.GetAsync("/command/poll?host=web-01"), 401);
    }

    [Fact]
    public async Task A_pass_tells_each_revocation_once()
    {
        await using var hub = await RunningHub.StartAsync(clock: new ManualClock());
        var agent = await hub.LegacyAgentAsync("web-01");
        await hub.TamperAsync($"UPDATE agents SET revoked_at = enrolled_at WHERE id = {agent.AgentId}");
        var watch = hub.Get<RevocationWatch>();
        Assert.Equal(1, await watch.SweepOnceAsync(CancellationToken.None));
        Assert.Equal(0, await watch.SweepOnceAsync(CancellationToken.None));
    }

    [Fact]
    public async Task A_known_token_costs_no_database()
    {
        await using var hub = await RunningHub.StartAsync();
        var agent = await hub.LegacyAgentAsync("web-01");
        var credentials = hub.Get<AgentCredentials>();
        Assert.NotNull(await credentials.FindAsync(agent.Token, CancellationToken.None));
        Assert.True(credentials.FindAsync(agent.Token, CancellationToken.None).IsCompletedSuccessfully);
    }

    [Fact]
    public async Task A_name_belongs_to_one_active_agent()
    {
        await using var hub = await RunningHub.StartAsync();
        using var admin = await hub.OperatorAsync(Role.Admin);
        await WireIdentity.EnrolAsync(hub.Http, await hub.EnrolmentTokenAsync(), "web-01");
        await TextAsync(PostAsync(admin, "/api/v1/agents", """{"hostname":"WEB-01","legacy":true}"""), 409);
        Assert.Contains("\"hostname\"", await TextAsync(PostAsync(admin, "/api/v1/agents", """{"hostname":"a b","legacy":true}"""), 400));
        Assert.Contains("\"legacy\"", await TextAsync(PostAsync(admin, "/api/v1/agents", """{"hostname":"web-02"}"""), 400));
        var text = await TextAsync(PostAsync(admin, "/api/v1/agents", """{"hostname":"web-02","legacy":true}"""), 201);
        Assert.Contains("vtx_leg_", text);
    }

    internal static Task<HttpResponseMessage> PostAsync(HttpClient client, string path, string json, string type = "application/json") =>
        client.PostAsync(path, new StringContent(json, System.Text.Encoding.UTF8, type));

    private static async Task QueueAsync(HttpClient admin, string command) => await TextAsync(PostAsync(admin, "/api/v1/commands",
        $$"""{"command":"{{command}}","hosts":["web-01"],"reason":"a test of revoking"}"""), (int)HttpStatusCode.Accepted);
}
