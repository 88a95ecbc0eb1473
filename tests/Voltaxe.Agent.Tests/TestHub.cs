using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Voltaxe.Agent.Tests.Evidence;
using Voltaxe.Contracts.Crypto;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Tests;

/// <summary>The agents' side of a hub, in process and over real sockets: it signs, hands out, listens, and fails as tests ask.</summary>
internal sealed class TestHub : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentQueue<Envelope> waiting = new();
    private readonly ConcurrentDictionary<string, bool> tokens = new();
    private TaskCompletionSource bell = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long ids;

    private TestHub(WebApplication app, EvidenceShelf evidence) => (this.app, Evidence) = (app, evidence);

    public ECDsa CommandKey { get; private set; } = P256.Create();
    public string HubId { get; } = "h-test";
    public Uri Url { get; private set; } = null!;
    public bool SocketsRefused { get; set; }
    public bool PollsRefused { get; set; }
    public TimeSpan ClockSkew { get; set; }
    public bool SignInRefused { get; set; }
    /// <summary>What enrolment answers instead of the right thing.</summary>
    public Func<EnrolReply, EnrolReply> Enrolling { get; set; } = reply => reply;
    public Func<SyncReply, SyncReply> Replying { get; set; } = reply => reply;
    /// <summary>What sign-in answers instead of the right thing.</summary>
    public Func<TokenReply, TokenReply> SigningIn { get; set; } = reply => reply;
    /// <summary>What problems say that it is, instead of the time.</summary>
    public string? SaysItIs { get; set; }
    public ConcurrentQueue<EnrolRequest> Enrolments { get; } = new();
    public ConcurrentQueue<AssertionClaims> Assertions { get; } = new();
    public ConcurrentQueue<(SyncRequest Request, string Channel)> Syncs { get; } = new();
    public ConcurrentDictionary<Guid, ResultReport> Results { get; } = new();
    public EvidenceShelf Evidence { get; }
    public string? AgentId { get; private set; }
    public string Epoch => Syncs.Last().Request.Epoch;

    public string Token => $"vtx_enr_secret.{P256.Fingerprint(CommandKey)}";

    public static async Task<TestHub> StartAsync(string url = "http://127.0.0.1:0", EvidenceShelf? shelf = null, X509Certificate2? certificate = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        if (certificate is not null)
        {
            builder.WebHost.UseKestrelHttpsConfiguration();
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureHttpsDefaults(https => https.ServerCertificate = certificate));
        }
        builder.WebHost.UseUrls(url);
        builder.Logging.ClearProviders();
        builder.Services.AddSignalR(o => o.MaximumReceiveMessageSize = AgentRoutes.MaxMessageBytes)
            .AddJsonProtocol(o => o.PayloadSerializerOptions = WireJson.Default.Options);
        TestHub? hub = null;
        builder.Services.AddSingleton(_ => hub!);
        var app = builder.Build();
        hub = new TestHub(app, shelf ?? new EvidenceShelf());
        hub.Map();
        await app.StartAsync();
        hub.Url = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        return hub;
    }

    public Envelope Sign(string command, object? parameters = null, long? seq = null, DateTimeOffset? expires = null, string? agentId = null, ECDsa? key = null)
    {
        var id = Interlocked.Increment(ref ids);
        var uid = Guid.CreateVersion7();
        var payload = new CommandPayload(1, HubId, agentId ?? AgentId!, id, uid, seq ?? id, command, parameters is null ? WireJson.EmptyObject : JsonSerializer.SerializeToElement(parameters),
            "a test", "ana", WireTime.Truncate(TimeProvider.System.GetUtcNow()), WireTime.Truncate(expires ?? TimeProvider.System.GetUtcNow() + ClockSkew + TimeSpan.FromHours(1)));
        var bytes = JsonSerializer.SerializeToUtf8Bytes(payload, WireJson.Default.CommandPayload);
        key ??= CommandKey;
        return new Envelope(id, uid, 1, Syncs.IsEmpty ? "" : Epoch, Base64UrlText.Encode(bytes), P256.Fingerprint(key), P256.Sign(key, bytes));
    }

    /// <summary>A release code, later in the order of intent than everything signed before.</summary>
    public string SignRelease(Guid isolation, TimeSpan? life = null, string? agentId = null, string? hubId = null, ECDsa? key = null)
    {
        var now = WireTime.Truncate(TimeProvider.System.GetUtcNow() + ClockSkew);
        key ??= CommandKey;
        var payload = JsonSerializer.SerializeToUtf8Bytes(new ReleasePayload(1, ReleasePayload.Release, P256.Fingerprint(CommandKey), hubId ?? HubId, agentId ?? AgentId!, [isolation],
            Interlocked.Increment(ref ids), Guid.NewGuid().ToString("N"), now, now + (life ?? TimeSpan.FromHours(1))), WireJson.Default.ReleasePayload);
        return ReleaseCodes.Compose(payload, P256.Sign(key, payload));
    }

    /// <summary>Hands these out with the next sync.</summary>
    public void Queue(params Envelope[] envelopes)
    {
        foreach (var envelope in envelopes)
            waiting.Enqueue(envelope);
        Interlocked.Exchange(ref bell, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
    }

    public Task PushAsync(params Envelope[] envelopes) => app.Services.GetRequiredService<IHubContext<AgentHub>>().Clients.All.SendAsync(AgentRoutes.Execute, envelopes);

    public void RevokeTokens() => tokens.Clear();

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private void Map()
    {
        app.MapGet("/healthz", () => "ok");
        app.MapPost(AgentRoutes.Enrol, async (HttpContext http) =>
        {
            var request = (await JsonSerializer.DeserializeAsync(http.Request.Body, WireJson.Default.EnrolRequest))!;
            Enrolments.Enqueue(request);
            using var key = P256.TryImport(request.PublicKey)!;
            AgentId = AgentIds.From(key);
            var reply = Enrolling(new EnrolReply(AgentId, HubId, [new CommandKey(P256.Fingerprint(CommandKey), P256.PublicKeyOf(CommandKey))], 10));
            var good = P256.Verify(key, P256.EnrolmentText(request.Token!, request.Hostname!, request.PublicKey!), request.Proof);
            return good ? Answer(reply, WireJson.Default.EnrolReply, 201) : Results_(400, "bad_proof");
        });
        app.MapPost(AgentRoutes.Token, async (HttpContext http) =>
        {
            var request = (await JsonSerializer.DeserializeAsync(http.Request.Body, WireJson.Default.TokenRequest))!;
            var claims = JsonSerializer.Deserialize(System.Buffers.Text.Base64Url.DecodeFromChars(request.Assertion!.Split('.')[1]), WireJson.Default.AssertionClaims)!;
            Assertions.Enqueue(claims);
            var now = (TimeProvider.System.GetUtcNow() + ClockSkew).ToUnixTimeSeconds();
            if (SignInRefused || Math.Abs(claims.Iat!.Value - now) > 60 || claims.Exp - claims.Iat > 300)
                return Results_(401, "unauthenticated");
            var token = "vtx_agt_" + Guid.NewGuid().ToString("N");
            tokens[token] = true;
            return Answer(SigningIn(new TokenReply(token, 3600)), WireJson.Default.TokenReply, 200);
        });
        Evidence.Map(app, Knows);
        app.MapPost(AgentRoutes.Sync, async (HttpContext http) =>
        {
            if (PollsRefused)
                return Results_(503, "unavailable");
            if (!Knows(http))
                return Results_(401, "unauthenticated");
            var request = (await JsonSerializer.DeserializeAsync(http.Request.Body, WireJson.Default.SyncRequest))!;
            return Answer(await HandleAsync(request, "poll", http.RequestAborted), WireJson.Default.SyncReply, 200);
        });
        app.Use(async (http, next) =>
        {
            if (http.Request.Path == AgentRoutes.Hub && (SocketsRefused || !Knows(http)))
            {
                http.Response.StatusCode = SocketsRefused ? 503 : 401;
                return;
            }
            await next(http);
        });
        app.MapHub<AgentHub>(AgentRoutes.Hub, o =>
        {
            o.Transports = HttpTransportType.WebSockets;
            o.ApplicationMaxBufferSize = o.TransportMaxBufferSize = AgentRoutes.MaxMessageBytes;
        });
    }

    private bool Knows(HttpContext http) => tokens.ContainsKey(http.Request.Headers.Authorization.ToString().Replace("Bearer ", "", StringComparison.Ordinal));

    private async Task<SyncReply> HandleAsync(SyncRequest request, string channel, CancellationToken ct)
    {
        Syncs.Enqueue((request, channel));
        foreach (var result in request.Results)
            Results.TryAdd(result.Uid, result);
        var rung = bell.Task;
        var said = request.Results.Count + request.Events.Count > 0;
        if (request.WaitSeconds > 0 && waiting.IsEmpty && !said)
            await Task.WhenAny(rung, Task.Delay(TimeSpan.FromSeconds(request.WaitSeconds), TimeProvider.System, ct));
        var commands = new List<Envelope>();
        while (waiting.TryDequeue(out var envelope))
            commands.Add(envelope with { Epoch = request.Epoch });
        return Replying(new SyncReply
        {
            HubTime = WireTime.Truncate(TimeProvider.System.GetUtcNow() + ClockSkew),
            Commands = commands,
            Recorded = [.. request.Results.Select(r => r.Uid.ToString()), .. request.Events.Select(e => e.EventId)],
        });
    }

    private IResult Results_(int status, string slug) => Microsoft.AspNetCore.Http.Results.Text(
        $$"""{"type":"urn:voltaxe:problem:{{slug}}","title":"refused","hub_time":"{{SaysItIs ?? WireTime.ToText(TimeProvider.System.GetUtcNow() + ClockSkew)}}"}""", "application/problem+json", statusCode: status);

    private static IResult Answer<T>(T value, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, int status) =>
        Microsoft.AspNetCore.Http.Results.Text(JsonSerializer.Serialize(value, type), "application/json", statusCode: status);

    internal sealed class AgentHub(TestHub hub) : Hub
    {
        public Task<SyncReply> Sync(SyncRequest request) => hub.HandleAsync(request, "push", Context.ConnectionAborted);
    }
}
