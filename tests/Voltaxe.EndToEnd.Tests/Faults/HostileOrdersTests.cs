using System.Text;
using System.Text.Json.Nodes;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Crypto;
using Voltaxe.EndToEnd.Tests.Product;
using Voltaxe.Testing;

namespace Voltaxe.EndToEnd.Tests.Faults;

/// <summary>Acceptance 21 and 30: what a hub that is mistaken, old or broken hands to a real agent. The orders are well signed.</summary>
public sealed class HostileOrdersTests : IAsyncLifetime
{
    private readonly TempFolder folder = new();
    private WireHub hub = null!;
    private AgentProcess agent = null!;

    public async Task InitializeAsync()
    {
        hub = await WireHub.StartAsync();
        agent = await AgentProcess.EnrolAsync(hub.Url, hub.Token, "web-01", folder.Folder("agent"));
        agent.Start();
        await Eventually.TrueAsync(() => hub.LastSync is not null, Site.Patience);
    }

    public async Task DisposeAsync()
    {
        await agent.DisposeAsync();
        await hub.DisposeAsync();
        folder.Dispose();
    }

    [NeedsFact(Needs.Linux)]
    public async Task What_is_not_a_good_order_is_rejected_and_the_next_one_runs()
    {
        using var stranger = P256.Create();
        var pid = agent.Process.Id;
        var hostile = new Dictionary<string, JsonObject>
        {
            ["seq is text"] = Spoilt(p => p["seq"] = "12"),
            ["seq is negative"] = Spoilt(p => p["seq"] = -5),
            ["v is 2"] = Spoilt(p => p["v"] = 2),
            ["params is a list"] = Spoilt(p => p["params"] = new JsonArray(1, 2)),
            ["params is null"] = Spoilt(p => p["params"] = null),
            ["pid is text"] = Spoilt(p => p["params"] = new JsonObject { ["pid"] = "4000000", ["name"] = "nobody" }),
            ["pid is 1"] = Spoilt(p => p["params"] = new JsonObject { ["pid"] = 1, ["name"] = "init" }),
            ["pid is huge"] = Spoilt(p => p["params"] = new JsonObject { ["pid"] = 1e300, ["name"] = "x" }),
            ["an unknown parameter"] = Spoilt(p => p["params"]!["force"] = true),
            ["as much as a message can carry"] = Spoilt(p => p["params"]!["name"] = new string('x', 700_000)),
            ["nested deeper than a parser goes"] = Raw(id => $$"""{"v":1,"id":{{id}},"params":{{new string('[', 20_000)}}{{new string(']', 20_000)}}}"""),
            ["an unknown command"] = Spoilt(p => p["command"] = "format_disk"),
            ["no command"] = Spoilt(p => p.Remove("command")),
            ["not JSON"] = Raw(_ => "\0\u0001{{{{"),
            ["nothing"] = Raw(_ => ""),
            ["null"] = Raw(_ => "null"),
            ["for another agent"] = Spoilt(p => p["agent_id"] = "a-aaaaaaaaaaaaaaaaaaaaaaaaaa"),
            ["of another hub"] = Spoilt(p => p["hub_id"] = "h-other"),
            ["another id inside"] = Spoilt(p => p["id"] = 9_999_999),
            ["no time"] = Spoilt(p => p["expires_at"] = "tomorrow"),
            ["signed by a stranger"] = SignedBy(stranger),
        };
        foreach (var (what, envelope) in hostile)
        {
            hub.HandOut(envelope);
            var result = await hub.ResultAsync(Guid.Parse(envelope["uid"]!.GetValue<string>()));
            Assert.True(result["outcome"]!.GetValue<string>() == "rejected", $"{what}: {result.ToJsonString()}");
        }
        var late = Spoilt(p => p["expires_at"] = hub.Time(TimeSpan.FromSeconds(-1)));
        hub.HandOut(late);
        Assert.Equal("expired", (await hub.ResultAsync(UidOf(late)))["outcome"]!.GetValue<string>());
        // More than a message may hold is not even read; replies that are not replies at all.
        hub.HandOut(Spoilt(p => p["params"]!["name"] = new string('x', 1_000_000)));
        hub.Say("""{"hub_time":"yesterday","commands":[{"id":"x"}]}""");
        hub.Say($$"""{"hub_time":"{{hub.Time(TimeSpan.Zero)}}","commands":[{"id":{},"uid":7,"attempt":"first"}],"recorded":"all"}""");
        hub.Say("<html>502</html>");
        Assert.Empty(agent.Effects());

        var good = hub.Envelope(Kill());
        hub.HandOut(good);
        Assert.Equal("executed", (await hub.ResultAsync(UidOf(good)))["outcome"]!.GetValue<string>());
        Assert.Equal(1, agent.EffectsOf(UidOf(good)));
        Assert.Equal(pid, agent.Process.Id);
        Assert.True(agent.IsRunning);
    }

    [NeedsFact(Needs.Linux)]
    public async Task An_older_restore_that_comes_late_does_not_free_an_isolated_host()
    {
        var (restore, isolate) = (hub.Payload(CommandNames.NetworkRestore, seq: 10), hub.Payload(CommandNames.NetworkIsolate, seq: 11));
        // The restore was handed out first and lost on the way.
        hub.HandOut(hub.Envelope(isolate));
        Assert.Equal("executed", (await hub.ResultAsync(UidOf(isolate)))["outcome"]!.GetValue<string>());

        hub.HandOut(hub.Envelope(restore, attempt: 2));

        Assert.Equal("superseded", (await hub.ResultAsync(UidOf(restore)))["outcome"]!.GetValue<string>());
        Assert.Equal(1, agent.EffectsOf(UidOf(isolate)));
        Assert.Single(agent.Effects());
        Assert.True(hub.LastSync!["observed"]!["isolated"]!.GetValue<bool>());

        // Also after a restart, and also when the agent must take both in one breath.
        await agent.KillAsync();
        agent.Start();
        var (older, newer) = (hub.Payload(CommandNames.NetworkRestore, seq: 9), hub.Payload(CommandNames.NetworkIsolate, seq: 12));
        hub.HandOut(hub.Envelope(newer), hub.Envelope(older));
        Assert.Equal("superseded", (await hub.ResultAsync(UidOf(older)))["outcome"]!.GetValue<string>());
        Assert.Equal("executed", (await hub.ResultAsync(UidOf(newer)))["outcome"]!.GetValue<string>());
        Assert.Equal(0, agent.EffectsOf(UidOf(older)));
    }

    [NeedsFact(Needs.Linux)]
    public async Task The_same_order_again_and_again_runs_once()
    {
        var order = Kill();
        for (var attempt = 1; attempt <= 5; attempt++)
        {
            hub.HandOut(hub.Envelope(order, attempt), hub.Envelope(order, attempt));
            await hub.ResultAsync(UidOf(order));
        }
        var last = Kill();
        hub.HandOut(hub.Envelope(last));
        await hub.ResultAsync(UidOf(last));
        Assert.Equal((1, 1), (agent.EffectsOf(UidOf(order)), agent.EffectsOf(UidOf(last))));
    }

    private JsonObject Kill() => hub.Payload(CommandNames.KillProcess, seq: 5, new JsonObject { ["pid"] = 4_000_000, ["name"] = "nobody" });

    private JsonObject Spoilt(Action<JsonObject> spoil)
    {
        var payload = Kill();
        var (id, uid) = (payload["id"]!.GetValue<long>(), payload["uid"]!.GetValue<string>());
        spoil(payload);
        return hub.Envelope(id, uid, Encoding.UTF8.GetBytes(payload.ToJsonString()));
    }

    private JsonObject Raw(Func<long, string> text)
    {
        var payload = Kill();
        var id = payload["id"]!.GetValue<long>();
        return hub.Envelope(id, payload["uid"]!.GetValue<string>(), Encoding.UTF8.GetBytes(text(id)));
    }

    private JsonObject SignedBy(System.Security.Cryptography.ECDsa key)
    {
        var payload = Kill();
        return hub.Envelope(payload["id"]!.GetValue<long>(), payload["uid"]!.GetValue<string>(), Encoding.UTF8.GetBytes(payload.ToJsonString()), key);
    }

    private static Guid UidOf(JsonObject of) => Guid.Parse(of["uid"]!.GetValue<string>());
}
