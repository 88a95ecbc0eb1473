using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Voltaxe.Contracts.Operators;
using Voltaxe.Hub.Delivery;
using Voltaxe.Hub.Security;
using Voltaxe.Testing;
using Voltaxe.Testing.Wire;

namespace Voltaxe.Hub.Tests.Transports;

/// <summary>The way out without the hub, as the hub sees it: who gets a code, what it is bound to, and what the hub makes of its use.</summary>
public sealed class ReleaseCodeTests : IAsyncLifetime
{
    private readonly ManualClock clock = new(TimeProvider.System.GetUtcNow());
    private RunningHub hub = null!;
    private Desk desk = null!;
    private SyncClient agent = null!;

    public static TheoryData<string> Databases => RunningHub.Databases;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (agent is not null)
            await agent.DisposeAsync();
        desk?.Dispose();
        if (hub is not null)
            await hub.DisposeAsync();
    }

    private async Task StartAsync(string database = "sqlite", params (string, string)[] settings)
    {
        hub = await RunningHub.StartAsync(database, clock, settings);
        desk = await Desk.OfAsync(hub);
        agent = new SyncClient(await hub.EnrolAsync("web-01"));
        await agent.SyncAsync();
    }

    private string Path => $"/api/v1/agents/{agent.Agent.Identity.AgentId}/release-code";

    /// <summary>Ordered, carried out and told of.</summary>
    private async Task<CommandView> IsolatedAsync()
    {
        var command = await desk.IsolateAsync("web-01");
        var delivered = (await agent.NextAsync())!;
        agent.Agent.Observed = new() { ["isolated"] = true, ["since"] = WireText.Time(clock.GetUtcNow()), ["verified_at"] = null, ["rules"] = "intact" };
        await agent.ReportAsync(delivered, true, "isolated");
        return command;
    }

    private static JsonObject Because(string reason = "it hears nothing", int? seconds = null) =>
        seconds is null ? new() { ["reason"] = reason } : new() { ["reason"] = reason, ["expires_in_seconds"] = seconds };

    private async Task<ReleaseCodeReply> MadeAsync(JsonObject? body = null, string? path = null)
    {
        using var answer = await desk.PostAsync(path ?? Path, body ?? Because());
        return Desk.Read<ReleaseCodeReply>(await Desk.AnswerOf(answer, 201));
    }

    private async Task RefusedAsync(int status, string slug, string? path = null, JsonObject? body = null)
    {
        using var answer = await desk.PostAsync(path ?? Path, body ?? Because());
        Assert.Contains("urn:voltaxe:problem:" + slug, await Desk.AnswerOf(answer, status), StringComparison.Ordinal);
    }

    /// <summary>What a code says, by an agent that pins the hub's key. Written from the description alone.</summary>
    private JsonObject Open(string code)
    {
        Assert.StartsWith("vtx_rel_", code, StringComparison.Ordinal);
        var parts = code["vtx_rel_".Length..].Split('.');
        var payload = WireText.FromBase64Url(parts[0]);
        var text = JsonNode.Parse(Encoding.UTF8.GetString(payload))!.AsObject();
        Assert.True(agent.Agent.Identity.CommandKeys[WireText.Text(text, "key_id")].VerifyData(payload, WireText.FromBase64Url(parts[1]), HashAlgorithmName.SHA256));
        return text;
    }

    private static Guid[] IsolationsOf(JsonObject payload) => [.. payload["isolations"]!.AsArray().Select(u => u!.GetValue<Guid>())];

    private async Task<AgentView> ViewAsync() => Desk.Read<AgentView>((await desk.GetAsync("/api/v1/agents/web-01")).ToJsonString());

    private JsonObject Released(Guid uid, JsonObject payload) => new()
    {
        ["event_id"] = "offline-release-" + WireText.Text(payload, "nonce"), ["kind"] = "offline_release", ["at"] = WireText.Time(clock.GetUtcNow()), ["uid"] = uid.ToString(),
        ["data"] = new JsonObject { ["code"] = WireText.Text(payload, "nonce"), ["seq"] = WireText.Number(payload, "seq") },
    };

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task A_code_is_signed_and_bound_to_hub_agent_isolation_and_time_and_stands_in_the_trail_without_itself(string database)
    {
        await StartAsync(database);
        var isolate = await IsolatedAsync();
        var made = await MadeAsync(Because(seconds: 600));
        Assert.Equal(isolate.Id, made.CommandId);
        var payload = Open(made.Code);
        Assert.InRange(made.ExpiresAt - WireText.Time(WireText.Text(payload, "issued_at")), TimeSpan.FromSeconds(600), TimeSpan.FromSeconds(601));
        Assert.Equal(("offline_release", agent.Agent.Identity.HubId, agent.Agent.Identity.AgentId),
            (WireText.Text(payload, "purpose"), WireText.Text(payload, "hub_id"), WireText.Text(payload, "agent_id")));
        Assert.Equal([isolate.Uid], IsolationsOf(payload));
        Assert.True(WireText.Number(payload, "seq") > agent.Agent.HighestSeq);
        Assert.Equal(made.ExpiresAt, WireText.Time(WireText.Text(payload, "expires_at")));
        Assert.NotEqual(made.Code, (await MadeAsync(path: "/api/v1/agents/WEB-01/release-code")).Code);

        var trail = await hub.ReadAsync(db => db.Audit.Where(a => a.Action == "release_code_created").OrderBy(a => a.Id).ToListAsync());
        Assert.Equal(2, trail.Count);
        Assert.Equal($"agent:{agent.Agent.Identity.AgentId}", trail[0].Target);
        Assert.Contains("it hears nothing", trail[0].Detail, StringComparison.Ordinal);
        Assert.All(trail, line => Assert.DoesNotContain("vtx_rel_", line.Detail, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Admins_alone_get_one_and_only_for_a_host_that_is_or_may_be_isolated()
    {
        await StartAsync();
        await RefusedAsync(409, "not_isolated");
        await RefusedAsync(404, "not_found", "/api/v1/agents/nowhere/release-code");
        await hub.LegacyAgentAsync("old-01");
        await RefusedAsync(409, "legacy_agent", "/api/v1/agents/old-01/release-code");
        await IsolatedAsync();
        foreach (var role in new[] { Role.Viewer, Role.Responder, Role.Approver })
        {
            using var other = await Desk.OfAsync(hub, role);
            using var answer = await other.PostAsync(Path, Because());
            await Desk.AnswerOf(answer, 403);
        }
        foreach (var (body, field) in new[] { (Because("no"), "reason"), ([], "reason"), (Because(seconds: 59), "expires_in_seconds"), (Because(seconds: 86_401), "expires_in_seconds") })
        {
            using var answer = await desk.PostAsync(Path, body);
            Assert.Contains($"\"{field}\"", await Desk.AnswerOf(answer, 400), StringComparison.Ordinal);
        }
        Assert.DoesNotContain(await hub.AuditAsync(), line => line.Contains("release_code_created", StringComparison.Ordinal));

        var restore = await desk.OrderAsync("web-01", "network_restore");
        agent.Agent.Observed = new() { ["isolated"] = false, ["rules"] = "none" };
        await agent.ReportAsync((await agent.NextAsync())!, true, "restored");
        Assert.NotNull((await desk.CommandAsync(restore.Id)).ExecutedAt);
        await RefusedAsync(409, "not_isolated");
    }

    [Fact]
    public async Task What_a_silent_host_may_be_under_counts_too_and_so_does_an_agent_that_was_revoked()
    {
        await StartAsync();
        var first = await IsolatedAsync();
        // Handed out, and not a word since: the host may be under the first or under this one.
        var second = await desk.IsolateAsync("web-01");
        await agent.SyncAsync();
        var made = await MadeAsync();
        Assert.Equal([second.Uid, first.Uid], IsolationsOf(Open(made.Code)));
        Assert.Equal(first.Id, made.CommandId);

        await desk.RevokeAsync(agent.Agent.Identity.AgentId);
        await RefusedAsync(404, "not_found", "/api/v1/agents/web-01/release-code");
        Assert.Equal([second.Uid, first.Uid], IsolationsOf(Open((await MadeAsync()).Code)));
    }

    [Fact]
    public async Task A_host_that_fell_silent_before_it_could_tell_of_its_isolation_gets_a_code()
    {
        await StartAsync();
        var isolate = await desk.IsolateAsync("web-01");
        await RefusedAsync(409, "not_isolated");
        await agent.SyncAsync();
        Assert.Equal([isolate.Uid], IsolationsOf(Open((await MadeAsync()).Code)));
    }

    [Fact]
    public async Task The_isolate_that_a_host_is_under_outlives_the_retention_of_commands()
    {
        await StartAsync();
        var isolate = await IsolatedAsync();
        clock.StepWallClock(clock.GetUtcNow().AddDays(100));
        await hub.Get<Sweeper>().SweepOnceAsync(default);
        Assert.Equal(isolate.Id, (await MadeAsync()).CommandId);
    }

    [Fact]
    public async Task After_its_use_what_was_last_asked_is_normal_once_however_often_it_is_told()
    {
        await StartAsync();
        var isolate = await IsolatedAsync();
        Assert.True((await ViewAsync()) is { Containment: Containment.Isolated, Drift: false });
        var payload = Open((await MadeAsync()).Code);

        agent.Agent.Observed = new() { ["isolated"] = false, ["rules"] = "none" };
        await agent.SyncAsync();
        Assert.True((await ViewAsync()) is { Containment: Containment.Normal, Drift: true });
        var told = Released(isolate.Uid, payload);
        for (var i = 0; i < 2; i++)
        {
            agent.Agent.Events.Add(told.DeepClone().AsObject());
            await agent.SyncAsync();
            Assert.Empty(agent.Agent.Events);
        }
        Assert.True((await ViewAsync()) is { Containment: Containment.Normal, Drift: false });
        var trail = await hub.AuditAsync();
        Assert.Single(trail, line => line.Contains("event_offline_release", StringComparison.Ordinal));
        Assert.DoesNotContain(trail, line => line.Contains("alert_release_without_code", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_isolation_asked_before_the_code_is_overtaken_by_it_and_one_asked_after_stays_asked()
    {
        await StartAsync();
        var first = await IsolatedAsync();
        await desk.IsolateAsync("web-01");
        var payload = Open((await MadeAsync()).Code);
        agent.Agent.Observed = new() { ["isolated"] = false, ["rules"] = "none" };
        agent.Agent.HighestSeq = WireText.Number(payload, "seq");
        agent.Agent.Events.Add(Released(first.Uid, payload));
        await agent.SyncAsync();
        Assert.False(await WantedAsync());

        var again = Open((await MadeAsync()).Code);
        var newer = await desk.IsolateAsync("web-01");
        agent.Agent.Events.Add(Released(first.Uid, again));
        await agent.SyncAsync();
        Assert.True(await WantedAsync());
        Assert.Contains(newer.Id, agent.Agent.HandedOut);
    }

    [Fact]
    public async Task A_release_without_a_code_of_this_hub_is_taken_for_what_it_is_and_raises_an_alarm()
    {
        await StartAsync();
        var isolate = await IsolatedAsync();
        agent.Agent.Events.Add(new() { ["event_id"] = "e-1", ["kind"] = "offline_release", ["at"] = WireText.Time(clock.GetUtcNow()), ["uid"] = isolate.Uid.ToString() });
        await agent.SyncAsync();
        Assert.False(await WantedAsync());
        Assert.Single(await hub.AuditAsync(), line => line.Contains("alert_release_without_code", StringComparison.Ordinal));
    }

    private Task<bool> WantedAsync() => hub.ReadAsync(db => db.Agents.Where(a => a.RevokedAt == null).Select(a => a.WantedIsolated).SingleAsync());
}
