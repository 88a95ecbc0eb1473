using System.Net;
using System.Net.WebSockets;
using Voltaxe.Hub.Security;
using Voltaxe.Hub.Tests.Accounts;
using Voltaxe.Testing;
using Voltaxe.Testing.Wire;

namespace Voltaxe.Hub.Tests.Security;

/// <summary>
/// Browsers open a WebSocket to any site, with that site's cookies, and ask nobody before. A page of the same host on another port is the
/// same site: SameSite keeps no cookie from it.
/// </summary>
public sealed class SocketOriginTests(HubForAll one) : IClassFixture<HubForAll>
{
    private readonly RunningHub hub = one.Hub;

    public static TheoryData<string, string?, bool> Origins => new()
    {
        { "Origin", "http://evil.example", false },
        { "Origin", "same host, other port", false },
        { "Origin", "other scheme", false },
        { "Origin", "null", false },
        { "Sec-Fetch-Site", "same-site", false },
        { "Sec-Fetch-Site", "cross-site", false },
        { "Origin", null, false }, // every browser says where a socket comes from: who strips it must be noticed
        { "Origin", "own", true },
        { "Sec-Fetch-Site", "same-origin", true },
    };

    [Theory]
    [MemberData(nameof(Origins))]
    public async Task The_dashboards_socket_opens_for_the_dashboard_alone(string header, string? value, bool opens)
    {
        var cookie = await SessionAsync();
        using var socket = new ClientWebSocket { Options = { CollectHttpResponseDetails = true } };
        socket.Options.SetRequestHeader("Cookie", cookie);
        if (OriginOf(value) is { } origin)
            socket.Options.SetRequestHeader(header, origin);
        Assert.Equal(opens ? HttpStatusCode.SwitchingProtocols : HttpStatusCode.Forbidden, await UpgradeAsync(socket, "_blazor"));

        // The same for what a page falls back to without sockets, and for what comes before.
        foreach (var (method, path, accept) in new[] { ("POST", "/_blazor/negotiate?negotiateVersion=1", "*/*"), ("GET", "/_blazor?id=x", "*/*"), ("GET", "/_blazor?id=x", "text/event-stream"), ("POST", "/_blazor?id=x", "*/*"), ("DELETE", "/_blazor?id=x", "*/*"), ("POST", "/_blazor/disconnect", "*/*") })
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path) { Headers = { { "Cookie", cookie }, { "Accept", accept } } };
            if (OriginOf(value) is { } from)
                request.Headers.Add(header, from);
            using var answer = await hub.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            Assert.True(opens != (answer.StatusCode == HttpStatusCode.Forbidden) || (value is null && method == "DELETE"), $"{method} {path} as {accept}: {(int)answer.StatusCode}");
        }
    }

    [Theory]
    [MemberData(nameof(Origins))]
    public async Task The_agents_socket_opens_for_no_page(string header, string? value, bool isOurs)
    {
        var agent = await WireIdentity.EnrolAsync(hub.Http, await hub.EnrolmentTokenAsync(), $"web-{Guid.NewGuid():N}"[..20]);
        using var socket = new ClientWebSocket { Options = { CollectHttpResponseDetails = true } };
        socket.Options.SetRequestHeader("Authorization", "Bearer " + await agent.AccessTokenAsync());
        if (OriginOf(value) is { } origin)
            socket.Options.SetRequestHeader(header, origin);
        // Without an Origin it is an agent, as it should be.
        var opens = isOurs || header != "Origin" || value is null;
        Assert.Equal(opens ? HttpStatusCode.SwitchingProtocols : HttpStatusCode.Forbidden, await UpgradeAsync(socket, "hubs/agent"));

        using var operators = new ClientWebSocket { Options = { CollectHttpResponseDetails = true } };
        operators.Options.SetRequestHeader("Cookie", await SessionAsync());
        if (OriginOf(value) is { } page)
            operators.Options.SetRequestHeader(header, page);
        Assert.Equal(HttpStatusCode.Forbidden, await UpgradeAsync(operators, "hubs/agent"));
    }

    private string? OriginOf(string? value) => value switch
    {
        "own" => hub.Url.GetLeftPart(UriPartial.Authority),
        "same host, other port" => $"http://{hub.Url.Host}:{hub.Url.Port + 1}",
        "other scheme" => $"https://{hub.Url.Authority}",
        _ => value,
    };

    private async Task<HttpStatusCode> UpgradeAsync(ClientWebSocket socket, string path)
    {
        try
        {
            await socket.ConnectAsync(new UriBuilder(hub.Url) { Scheme = "ws", Path = path }.Uri, CancellationToken.None).WaitAsync(Eventually.Patience);
        }
        catch (WebSocketException)
        {
            // The status says why.
        }
        return socket.HttpStatusCode;
    }

    private async Task<string> SessionAsync()
    {
        var jar = new CookieContainer();
        using var browser = await SignInTests.SignedInAsync(hub, "u" + Guid.NewGuid().ToString("N")[..10], Role.Admin, jar);
        return jar.GetCookieHeader(hub.Url);
    }
}
