using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Voltaxe.Contracts.Crypto;
using Voltaxe.Contracts.Wire;
using Voltaxe.Testing;

namespace Voltaxe.EndToEnd.Tests.Product;

/// <summary>
/// A hub that a test speaks for: it admits one agent, signs whatever it is told to sign, hands out what it is told to hand out in that
/// order, and keeps what the agent says. It has no socket, so agents poll it.
/// </summary>
public sealed class WireHub : IAsyncDisposable
{
    public const string HubId = "h-tests";
    private readonly WebApplication app;
    private readonly SemaphoreSlim bell = new(0);
    private readonly ConcurrentQueue<string> toSay = new();
    private readonly ConcurrentDictionary<string, JsonObject> results = new();
    private long lastId;

    private WireHub(WebApplication app) => this.app = app;

    public Uri Url => new(app.Urls.Single());
    public ECDsa Key { get; } = P256.Create();
    public string KeyId => P256.Fingerprint(Key);
    public string AgentId { get; private set; } = "";
    public string Token => "vtx_enr_secret." + KeyId;

    /// <summary>The agent's last word.</summary>
    public JsonObject? LastSync { get; private set; }

    /// <summary>Hub time, as far from this machine's as a test wants.</summary>
    public TimeSpan Ahead { get; set; }

    public static async Task<WireHub> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var hub = new WireHub(app);
        app.Run(hub.AnswerAsync);
        await app.StartAsync();
        return hub;
    }

    /// <summary>The result of a command, once the agent has said it.</summary>
    public Task<JsonObject> ResultAsync(Guid uid) =>
        Eventually.GetAsync(() => Task.FromResult(results.GetValueOrDefault(uid.ToString())), Site.Patience, $"the agent's word about {uid}");

    /// <summary>The payload of a good order for this agent; a test spoils it as it likes.</summary>
    public JsonObject Payload(string command, long seq, JsonNode? parameters = null) => new()
    {
        ["v"] = 1, ["hub_id"] = HubId, ["agent_id"] = AgentId, ["id"] = Interlocked.Increment(ref lastId), ["uid"] = Guid.CreateVersion7().ToString(), ["seq"] = seq,
        ["command"] = command, ["params"] = parameters ?? new JsonObject(), ["reason"] = "end-to-end test", ["issued_by"] = "ana",
        ["issued_at"] = Time(TimeSpan.Zero), ["expires_at"] = Time(TimeSpan.FromHours(1)),
    };

    public string Time(TimeSpan from) => (TimeProvider.System.GetUtcNow() + Ahead + from).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    /// <summary>Puts signed bytes on their way.</summary>
    public JsonObject Envelope(long id, string uid, byte[] payload, ECDsa? signer = null, int attempt = 1) => new()
    {
        ["id"] = id, ["uid"] = uid, ["attempt"] = attempt, ["epoch"] = LastSync?["epoch"]?.GetValue<string>(),
        ["payload"] = Base64UrlText.Encode(payload), ["key_id"] = KeyId, ["signature"] = P256.Sign(signer ?? Key, payload),
    };

    public JsonObject Envelope(JsonObject payload, int attempt = 1) =>
        Envelope(payload["id"]!.GetValue<long>(), payload["uid"]!.GetValue<string>(), Encoding.UTF8.GetBytes(payload.ToJsonString()), attempt: attempt);

    /// <summary>Hands these out together, with the agent's next word.</summary>
    public void HandOut(params JsonObject[] envelopes) => Say($$"""{"hub_time":"{{Time(TimeSpan.Zero)}}","commands":{{new JsonArray([.. envelopes.Select(e => e.DeepClone())]).ToJsonString()}}}""");

    /// <summary>Any reply at all.</summary>
    public void Say(string reply)
    {
        toSay.Enqueue(reply);
        bell.Release();
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        Key.Dispose();
        bell.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        if (context.Request.Path == AgentRoutes.Hub || !HttpMethods.IsPost(context.Request.Method))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }
        var asked = (await JsonNode.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted))!.AsObject();
        var (status, reply) = context.Request.Path.Value switch
        {
            AgentRoutes.Enrol => (201, Admit(asked)),
            AgentRoutes.Token => (200, """{"access_token":"vtx_agt_test","expires_in":3600}"""),
            AgentRoutes.Sync => (200, await HearAsync(asked, context.RequestAborted)),
            _ => (404, "{}"),
        };
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(reply, context.RequestAborted);
    }

    private string Admit(JsonObject asked)
    {
        using var key = P256.TryImport(asked["public_key"]!.GetValue<string>())!;
        AgentId = AgentIds.From(key);
        return new JsonObject
        {
            ["agent_id"] = AgentId, ["hub_id"] = HubId, ["poll_seconds"] = 1,
            ["command_keys"] = new JsonArray(new JsonObject { ["key_id"] = KeyId, ["public_key"] = P256.PublicKeyOf(Key) }),
        }.ToJsonString();
    }

    private async Task<string> HearAsync(JsonObject said, CancellationToken ct)
    {
        LastSync = said;
        var recorded = new JsonArray();
        foreach (var result in said["results"] as JsonArray ?? [])
        {
            results.TryAdd(result!["uid"]!.GetValue<string>(), result.AsObject());
            recorded.Add(result["uid"]!.DeepClone());
        }
        foreach (var happened in said["events"] as JsonArray ?? [])
            recorded.Add(happened!["event_id"]!.DeepClone());
        var wait = TimeSpan.FromSeconds(said["wait_seconds"]?.GetValue<int>() ?? 0);
        if (recorded.Count == 0 && await bell.WaitAsync(wait, ct) && toSay.TryDequeue(out var prepared))
            return prepared;
        return new JsonObject { ["hub_time"] = Time(TimeSpan.Zero), ["recorded"] = recorded, ["next_poll_seconds"] = 1 }.ToJsonString();
    }
}
