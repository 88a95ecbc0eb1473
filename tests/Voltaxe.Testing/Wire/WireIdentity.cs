using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Voltaxe.Testing.Wire;

/// <summary>An agent's key, what it pinned when it enrolled, and how it signs in (protocol, section 4).</summary>
public sealed class WireIdentity
{
    private readonly HttpClient http;
    private string? accessToken;

    private WireIdentity(HttpClient http, ECDsa key, string hostname, string agentId, string hubId, Dictionary<string, ECDsa> commandKeys)
    {
        this.http = http;
        Key = key;
        Hostname = hostname;
        AgentId = agentId;
        HubId = hubId;
        CommandKeys = commandKeys;
    }

    public ECDsa Key { get; }
    public string Hostname { get; }
    public string AgentId { get; }
    public string HubId { get; }

    /// <summary>Pinned: by id, the one that matches the fingerprint in the token.</summary>
    public IReadOnlyDictionary<string, ECDsa> CommandKeys { get; }

    /// <summary>What the hub's clock said when an assertion was refused; the next one is stamped with it.</summary>
    public DateTimeOffset? HubTime { get; private set; }

    /// <summary>Enrols, and fails unless the hub answered 201 with exactly one key that the token vouches for.</summary>
    public static async Task<WireIdentity> EnrolAsync(HttpClient hub, string token, string hostname, ECDsa? key = null)
    {
        key ??= ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var response = await TryEnrolAsync(hub, token, hostname, key);
        var text = await response.Content.ReadAsStringAsync();
        if (response.StatusCode != HttpStatusCode.Created)
            throw new InvalidOperationException($"enrolment was answered {(int)response.StatusCode}: {text}");
        var reply = JsonNode.Parse(text)!.AsObject();
        var agentId = WireText.Text(reply, "agent_id");
        if (agentId != WireText.AgentId(key.ExportSubjectPublicKeyInfo()))
            throw new InvalidOperationException($"the hub calls this agent {agentId}, its key says otherwise");
        return new WireIdentity(hub, key, hostname, agentId, WireText.Text(reply, "hub_id"), Pin(reply, token[(token.LastIndexOf('.') + 1)..]));
    }

    /// <summary>The bare request, for refusals.</summary>
    public static Task<HttpResponseMessage> TryEnrolAsync(HttpClient hub, string token, string hostname, ECDsa key, string? proof = null)
    {
        var publicKey = WireText.Base64Url(key.ExportSubjectPublicKeyInfo());
        return hub.PostAsJsonAsync("/agent/v1/enroll", new JsonObject
        {
            ["token"] = token,
            ["hostname"] = hostname,
            ["os"] = "linux",
            ["version"] = "0.0.1-test",
            ["public_key"] = publicKey,
            ["proof"] = proof ?? WireText.Sign(key, $"{token}|{hostname}|{publicKey}"),
        });
    }

    /// <summary>An access token: the last one until <see cref="SignOut"/>.</summary>
    public async Task<string> AccessTokenAsync()
    {
        if (accessToken is not null)
            return accessToken;
        using var response = await TryTokenAsync(Assertion());
        var text = await response.Content.ReadAsStringAsync();
        if (response.StatusCode != HttpStatusCode.OK)
        {
            if (JsonNode.Parse(text)?["hub_time"]?.GetValue<string>() is { } hubTime)
                HubTime = WireText.Time(hubTime);
            throw new InvalidOperationException($"the assertion was answered {(int)response.StatusCode}: {text}");
        }
        return accessToken = WireText.Text(JsonNode.Parse(text)!.AsObject(), "access_token");
    }

    public void SignOut() => accessToken = null;

    public Task<HttpResponseMessage> TryTokenAsync(string assertion) =>
        http.PostAsJsonAsync("/agent/v1/token", new JsonObject { ["assertion"] = assertion });

    /// <summary>A JWT as the protocol wants it; <paramref name="spoil"/> may change header and claims before they are signed.</summary>
    public string Assertion(Action<JsonObject, JsonObject>? spoil = null, ECDsa? signedBy = null)
    {
        var now = (HubTime ?? TimeProvider.System.GetUtcNow()).ToUnixTimeSeconds();
        var header = new JsonObject { ["alg"] = "ES256", ["typ"] = "JWT" };
        var claims = new JsonObject
        {
            ["iss"] = AgentId, ["sub"] = AgentId, ["aud"] = HubId, ["iat"] = now, ["exp"] = now + 240, ["jti"] = RandomNumberGenerator.GetHexString(32),
        };
        spoil?.Invoke(header, claims);
        var signed = Part(header) + "." + Part(claims);
        return signed + "." + WireText.Sign(signedBy ?? Key, signed);
    }

    /// <summary>A request with this agent's credential.</summary>
    public async Task<HttpRequestMessage> RequestAsync(HttpMethod method, string path, JsonNode? body = null) => new(method, path)
    {
        Headers = { Authorization = new AuthenticationHeaderValue("Bearer", await AccessTokenAsync()) },
        Content = body is null ? null : JsonContent.Create(body),
    };

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, JsonNode? body = null, CancellationToken ct = default) =>
        await http.SendAsync(await RequestAsync(method, path, body), ct);

    /// <summary>A request of <see cref="RequestAsync"/> that was changed since.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request) => http.SendAsync(request);

    private static Dictionary<string, ECDsa> Pin(JsonObject reply, string fingerprint)
    {
        var pinned = new Dictionary<string, ECDsa>();
        foreach (var offered in WireText.Objects(reply, "command_keys"))
        {
            var der = WireText.FromBase64Url(WireText.Text(offered, "public_key"));
            if (WireText.Base64Url(SHA256.HashData(der))[..16] != fingerprint)
                continue;
            var key = ECDsa.Create();
            key.ImportSubjectPublicKeyInfo(der, out _);
            pinned[WireText.Text(offered, "key_id")] = key;
        }
        return pinned.Count == 1 ? pinned : throw new InvalidOperationException($"{pinned.Count} command keys match the token's fingerprint {fingerprint}");
    }

    private static string Part(JsonObject json) => WireText.Base64Url(Encoding.UTF8.GetBytes(json.ToJsonString()));
}
