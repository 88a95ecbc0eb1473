using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Voltaxe.Contracts.Crypto;
using Voltaxe.Testing.Wire;

namespace Voltaxe.EndToEnd.Tests.Harness;

/// <summary>The tests' own agent against envelopes that the product's own crypto made: the two were written apart.</summary>
public sealed class WireAgentTests : IDisposable
{
    private readonly ECDsa hubKey = P256.Create(), agentKey = P256.Create();

    [Fact]
    public async Task It_pins_the_key_that_its_token_vouches_for_and_no_other()
    {
        using var other = P256.Create();
        var agent = await EnrolAsync(hubKey, P256.Fingerprint(hubKey), other);
        Assert.Equal(AgentIds.From(agentKey), agent.Identity.AgentId);
        Assert.Equal([P256.Fingerprint(hubKey)], agent.Identity.CommandKeys.Keys);
        await Assert.ThrowsAsync<InvalidOperationException>(() => EnrolAsync(hubKey, P256.Fingerprint(other)));
    }

    [Fact]
    public async Task What_is_well_signed_is_kept_once_and_a_repeat_is_answered_with_the_first_result()
    {
        var agent = await EnrolAsync(hubKey, P256.Fingerprint(hubKey));
        var envelope = Envelope(agent, hubKey, "kill_process", seq: 5);
        agent.HandleEnvelopes([envelope]);
        var entry = agent.TakeNext()!;
        Assert.Null(agent.TakeNext());
        Assert.Equal(entry.Uid.ToString(), agent.NewSync()["received"]![0]!["uid"]!.GetValue<string>());
        agent.Finish(entry, "executed", "first");
        agent.Handle(new JsonObject { ["hub_time"] = "2026-01-31T09:30:00Z", ["recorded"] = new JsonArray(entry.Uid.ToString()) });
        Assert.Empty(agent.NewSync()["results"]!.AsArray());

        agent.HandleEnvelopes([envelope]);
        agent.Finish(entry, "failed", "second");

        Assert.Null(agent.TakeNext());
        Assert.Equal("first", agent.NewSync()["results"]![0]!["message"]!.GetValue<string>());
        Assert.Equal(2, entry.HandOuts);
    }

    [Fact]
    public async Task What_is_signed_by_another_or_for_another_is_rejected()
    {
        using var other = P256.Create();
        var agent = await EnrolAsync(hubKey, P256.Fingerprint(hubKey));
        agent.HandleEnvelopes(
        [
            Envelope(agent, other, "kill_process", seq: 1),
            Envelope(agent, hubKey, "kill_process", seq: 2, agentId: "a-somebody"),
            Envelope(agent, hubKey, "kill_process", seq: 3, hubId: "another"),
        ]);
        Assert.Null(agent.TakeNext());
        Assert.All(agent.Journal, e => Assert.Equal("rejected", e.Result!["outcome"]!.GetValue<string>()));
        Assert.Equal(3, agent.Journal.Count);
        Assert.Equal(0, agent.HighestSeq);
    }

    [Fact]
    public async Task The_network_lane_follows_seq_and_other_epochs_are_ignored()
    {
        var agent = await EnrolAsync(hubKey, P256.Fingerprint(hubKey));
        var late = Envelope(agent, hubKey, "network_restore", seq: 1);
        var strange = Envelope(agent, hubKey, "network_restore", seq: 9);
        strange["epoch"] = "another";
        agent.HandleEnvelopes([Envelope(agent, hubKey, "network_isolate", seq: 2), Envelope(agent, hubKey, "network_isolate", seq: 3), late, strange]);
        Assert.Equal(3, agent.TakeNext()!.Seq);
        Assert.Null(agent.TakeNext());
        Assert.Equal(["superseded", "superseded"], agent.Journal.Where(e => e.Result is not null).Select(e => e.Result!["outcome"]!.GetValue<string>()));
        Assert.Single(agent.Ignored);
    }

    [Fact]
    public async Task A_withdrawn_command_that_never_came_is_answered_and_not_run_when_it_comes()
    {
        var agent = await EnrolAsync(hubKey, P256.Fingerprint(hubKey));
        var envelope = Envelope(agent, hubKey, "kill_process", seq: 1);
        agent.HandleCancels([new JsonObject { ["uid"] = envelope["uid"]!.DeepClone(), ["epoch"] = agent.Epoch, ["why"] = "cancelled" }]);
        agent.HandleEnvelopes([envelope]);
        Assert.Null(agent.TakeNext());
        Assert.Equal("cancelled", agent.NewSync()["results"]![0]!["outcome"]!.GetValue<string>());
    }

    public void Dispose()
    {
        hubKey.Dispose();
        agentKey.Dispose();
    }

    private async Task<WireAgent> EnrolAsync(ECDsa commandKey, string fingerprint, params ECDsa[] also)
    {
        var keys = also.Append(commandKey).Select(k => (JsonNode)new JsonObject { ["key_id"] = P256.Fingerprint(k), ["public_key"] = P256.PublicKeyOf(k) });
        var reply = new JsonObject { ["agent_id"] = AgentIds.From(agentKey), ["hub_id"] = "h-1", ["command_keys"] = new JsonArray([.. keys]), ["poll_seconds"] = 10 };
        using var http = new HttpClient(new Enrolling(reply)) { BaseAddress = new Uri("http://hub.test") };
        return new WireAgent(await WireIdentity.EnrolAsync(http, "vtx_enr_secret." + fingerprint, "web-01", agentKey));
    }

    private static JsonObject Envelope(WireAgent agent, ECDsa signer, string command, long seq, string? agentId = null, string hubId = "h-1")
    {
        var uid = Guid.CreateVersion7().ToString();
        var payload = Encoding.UTF8.GetBytes(new JsonObject
        {
            ["v"] = 1, ["hub_id"] = hubId, ["agent_id"] = agentId ?? agent.Identity.AgentId, ["id"] = seq, ["uid"] = uid, ["seq"] = seq, ["command"] = command,
            ["params"] = new JsonObject(), ["reason"] = "test", ["issued_by"] = "ana", ["issued_at"] = "2026-01-31T09:30:00Z", ["expires_at"] = "2026-02-01T09:30:00Z",
        }.ToJsonString());
        var envelope = new JsonObject
        {
            ["id"] = seq, ["uid"] = uid, ["attempt"] = 1, ["epoch"] = agent.Epoch, ["payload"] = Base64UrlText.Encode(payload),
            ["key_id"] = agent.Identity.CommandKeys.Keys.Single(), ["signature"] = P256.Sign(signer, payload),
        };
        return JsonNode.Parse(envelope.ToJsonString())!.AsObject();
    }

    /// <summary>A hub that admits whoever proves to hold the key.</summary>
    private sealed class Enrolling(JsonObject reply) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken ct)
        {
            var asked = JsonNode.Parse(await request.Content!.ReadAsStringAsync(ct))!;
            string Field(string name) => asked[name]!.GetValue<string>();
            using var key = P256.TryImport(Field("public_key"));
            var proven = key is not null && P256.Verify(key, P256.EnrolmentText(Field("token"), Field("hostname"), Field("public_key")), Field("proof"));
            return new HttpResponseMessage(proven ? HttpStatusCode.Created : HttpStatusCode.BadRequest) { Content = JsonContent.Create(reply) };
        }
    }
}
