using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Voltaxe.Agent.Configuration;
using Voltaxe.Contracts.Crypto;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Enrolment;

/// <summary>The hub does not accept this agent's key: revoked, replaced, or another hub.</summary>
public sealed class SignInRefusedException(string why) : Exception(why);

/// <summary>
/// Gets access tokens with assertions signed by the agent's key, and keeps the current one until a quarter of its life is left.
/// When the hub finds the assertion's time wrong, the next one is stamped with the hub's own time, and nothing else is set by it.
/// </summary>
public sealed partial class SignIn(HttpClient http, ECDsa key, EnrolmentState enrolment, TimeProvider time, ILogger<SignIn> log) : IDisposable
{
    private static readonly TimeSpan AssertionLife = TimeSpan.FromMinutes(4);

    private const int MaxTokenChars = 4096;

    private readonly SemaphoreSlim one = new(1);
    private volatile Held? current;

    private sealed record Held(string Token, long Stamp, TimeSpan Life);

    /// <summary>A token that is good now.</summary>
    /// <exception cref="SignInRefusedException">The hub does not accept the agent.</exception>
    public async Task<string> TokenAsync(Uri hub, CancellationToken ct)
    {
        await one.WaitAsync(ct);
        try
        {
            if (current is { } c && time.GetElapsedTime(c.Stamp) < c.Life * 0.75)
                return c.Token;
            var reply = await AskAsync(hub, time.GetUtcNow(), mayRetry: true, ct);
            current = new Held(reply.AccessToken, time.GetTimestamp(), TimeSpan.FromSeconds(reply.ExpiresIn));
            return reply.AccessToken;
        }
        finally
        {
            one.Release();
        }
    }

    /// <summary>The hub refused this token: the next call signs in anew.</summary>
    public void Forget(string token)
    {
        if (current?.Token == token)
            current = null;
    }

    public void Dispose() => one.Dispose();

    private async Task<TokenReply> AskAsync(Uri hub, DateTimeOffset stamp, bool mayRetry, CancellationToken ct)
    {
        var request = new TokenRequest(Assertion(stamp));
        using var response = await http.PostAsync(HubUrls.At(hub, AgentRoutes.Token), JsonContent.Create(request, WireJson.Default.TokenRequest), ct);
        var body = await response.Content.ReadAsStringAsync(ct);
        if (response.IsSuccessStatusCode && Parse(body) is { AccessToken.Length: > 0, ExpiresIn: > 0 } reply && FitsHeader(reply.AccessToken))
            return reply;
        if (response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
        {
            if (mayRetry && Problems.HubTime(body) is { } hubTime)
            {
                ClockDiffers((hubTime - stamp).TotalSeconds);
                return await AskAsync(hub, hubTime, mayRetry: false, ct);
            }
            throw new SignInRefusedException(Problems.Describe(response.StatusCode, body));
        }
        throw new HttpRequestException($"sign-in: {Problems.Describe(response.StatusCode, body)}", null, response.StatusCode);
    }

    /// <summary>It goes into a header: anything but visible ASCII would be refused there, on every use.</summary>
    private static bool FitsHeader(string token) => token.Length <= MaxTokenChars && token.All(c => c is > ' ' and < '\x7f');

    internal string Assertion(DateTimeOffset stamp)
    {
        var claims = new AssertionClaims(enrolment.AgentId, enrolment.AgentId, enrolment.HubId,
            stamp.ToUnixTimeSeconds(), (stamp + AssertionLife).ToUnixTimeSeconds(), Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)));
        var text = Base64UrlText.Encode(JsonSerializer.SerializeToUtf8Bytes(new AssertionHeader("ES256", "JWT"), WireJson.Default.AssertionHeader))
            + "." + Base64UrlText.Encode(JsonSerializer.SerializeToUtf8Bytes(claims, WireJson.Default.AssertionClaims));
        return text + "." + P256.Sign(key, text);
    }

    private static TokenReply? Parse(string body)
    {
        try
        {
            return JsonSerializer.Deserialize(body, WireJson.Default.TokenReply);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    [LoggerMessage(1000, LogLevel.Warning, "The hub refused the sign-in; trying once more with the hub's time, which differs by {Seconds:0} s")]
    private partial void ClockDiffers(double seconds);
}
