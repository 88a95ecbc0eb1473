using System.Net;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using Voltaxe.EndToEnd.Tests.Product;
using Voltaxe.Testing;

namespace Voltaxe.EndToEnd.Tests.Proxies;

/// <summary>The samples of docs/proxy, as they are, in the real programs: people, agents, and those who pretend.</summary>
public sealed partial class SampleTests
{
    private const string Password = "correct horse battery";
    /// <summary>Not trusted, as no client of a proxy is.</summary>
    private static readonly IPAddress Client = IPAddress.Parse("127.0.0.9");

    public static TheoryData<string, string> Samples => new()
    {
        { "nginx.conf", "" }, { "nginx-subpath.conf", "/voltaxe" }, { "Caddyfile", "" }, { "Caddyfile-subpath", "/voltaxe" },
    };

    [NeedsTheory(Needs.Linux | Needs.Nginx | Needs.Caddy)]
    [MemberData(nameof(Samples))]
    public async Task People_sign_in_agents_connect_and_nobody_pretends(string sample, string prefix)
    {
        var port = FreePort.Next();
        await using var site = await Site.StartAsync(settings: new Dictionary<string, string?>
        {
            ["Voltaxe__PublicUrl"] = $"https://localhost:{port}{prefix}",
            ["Voltaxe__TrustedProxies__0"] = "127.0.0.1",
        });
        await using var proxy = await ProxyProcess.StartAsync(sample, port, site.Hub.Url);
        var jar = new CookieContainer();
        using var browser = proxy.NewClient(jar, Client);
        foreach (var (header, value) in new[] { ("X-Forwarded-For", "6.6.6.6"), ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Prefix", "/evil"), ("X-Forwarded-Proto", "gopher") })
            browser.DefaultRequestHeaders.Add(header, value);

        // The link that a new hub prints leads through the proxy.
        var link = new Uri((await site.Hub.Process.WaitForLineAsync(Link(), Site.Patience)).Value);
        Assert.Equal($"https://localhost:{port}{prefix}/sign-in/once", link.GetLeftPart(UriPartial.Path));
        var page = await browser.GetStringAsync(link);
        Assert.Contains($"<base href=\"{prefix}/\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain("evil", page, StringComparison.Ordinal);
        Assert.Contains($"content=\"https://localhost:{port} ", page, StringComparison.Ordinal);
        using (var answer = await browser.PostAsync($"{prefix}/sign-in/once", new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["__RequestVerificationToken"] = FormToken().Match(page).Groups[1].Value,
            ["token"] = Regex.Match(link.Query, "token=([^&]+)").Groups[1].Value,
            ["password"] = Password,
            ["password_again"] = Password,
        })))
            Assert.Equal(prefix + "/", answer.Headers.Location?.OriginalString);
        Assert.Equal(2, jar.GetCookies(proxy.Url).Count + (prefix.Length > 0 ? jar.GetCookies(new Uri(proxy.Url, prefix + "/")).Count : 0));
        Assert.All(jar.GetAllCookies(), cookie =>
        {
            Assert.True(cookie.Secure && cookie.HttpOnly, cookie.Name);
            Assert.Equal(prefix.Length > 0 ? prefix : "/", cookie.Path);
        });
        Assert.Equal(Client.ToString(), AddressOf(site, "password_set"));

        // Signed in: the API, its addresses, and the dashboard's own files.
        using (var order = await FromPageAsync(browser, HttpMethod.Post, $"{prefix}/api/v1/enrollment-tokens", proxy.Url))
            Assert.Equal(HttpStatusCode.Created, order.StatusCode);
        using (var foreign = await FromPageAsync(browser, HttpMethod.Post, $"{prefix}/api/v1/enrollment-tokens", new Uri("https://localhost:1")))
            Assert.Equal(HttpStatusCode.Forbidden, foreign.StatusCode);
        foreach (var file in Files().Matches(page).Select(m => WebUtility.HtmlDecode(m.Groups[1].Value)))
        {
            using var answer = await browser.GetAsync($"{prefix}/{file}");
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.NotEmpty(await answer.Content.ReadAsByteArrayAsync());
        }

        // Both sockets, from the page, from another site, and from the same host on another port.
        var cookies = jar.GetCookieHeader(new Uri(proxy.Url, prefix + "/"));
        Assert.Equal(HttpStatusCode.SwitchingProtocols, await UpgradeAsync(proxy, $"{prefix}/_blazor", "Cookie", cookies, proxy.Url.GetLeftPart(UriPartial.Authority)));
        foreach (var origin in new[] { "https://evil.example", "https://localhost:1", $"http://localhost:{port}", "null", null })
            Assert.Equal(HttpStatusCode.Forbidden, await UpgradeAsync(proxy, $"{prefix}/_blazor", "Cookie", cookies, origin));

        var agent = await AgentProcess.EnrolAsync(new Uri(proxy.Url, prefix + "/"), await site.Operator.EnrolmentTokenAsync(), "web-01", Directory.CreateDirectory(site.PathOf("web-01")).FullName,
            always: new Dictionary<string, string?> { ["SSL_CERT_FILE"] = proxy.Certificate });
        await using (agent)
        {
            agent.Start();
            await site.LiveAsync("web-01"); // Only a socket makes it live.
            var queued = await site.Operator.QueueAsync("web-01", Contracts.Commands.CommandNames.CollectForensics);
            await site.Operator.UntilAsync(queued.Id, Site.Patience, Contracts.Commands.CommandStatus.Executed);
        }
        var wire = await site.EnrolWireAsync("web-02");
        foreach (var (origin, expected) in new[] { ("https://evil.example", HttpStatusCode.Forbidden), ("https://localhost:1", HttpStatusCode.Forbidden), (null, HttpStatusCode.SwitchingProtocols) })
            Assert.Equal(expected, await UpgradeAsync(proxy, $"{prefix}/hubs/agent", "Authorization", "Bearer " + await wire.Identity.AccessTokenAsync(), origin));
    }

    private static async Task<HttpResponseMessage> FromPageAsync(HttpClient browser, HttpMethod method, string path, Uri origin)
    {
        using var request = new HttpRequestMessage(method, path) { Content = JsonContent.Create(new { uses = 1 }) };
        request.Headers.Add("Origin", origin.GetLeftPart(UriPartial.Authority));
        return await browser.SendAsync(request);
    }

    private static async Task<HttpStatusCode> UpgradeAsync(ProxyProcess proxy, string path, string header, string value, string? origin)
    {
        using var socket = new ClientWebSocket { Options = { CollectHttpResponseDetails = true } };
        socket.Options.RemoteCertificateValidationCallback = (_, certificate, _, _) => proxy.IsOurs(certificate);
        socket.Options.SetRequestHeader(header, value);
        if (origin is not null)
            socket.Options.SetRequestHeader("Origin", origin);
        try
        {
            await socket.ConnectAsync(new UriBuilder(proxy.Url) { Scheme = "wss", Path = path }.Uri, CancellationToken.None).WaitAsync(Site.Patience);
        }
        catch (WebSocketException)
        {
            // The status says why.
        }
        return socket.HttpStatusCode;
    }

    private static string? AddressOf(Site site, string action)
    {
        using var database = new SqliteConnection($"Data Source={Path.Combine(site.HubFolder, "voltaxe.db")};Mode=ReadOnly;Pooling=False");
        database.Open();
        using var command = database.CreateCommand();
        command.CommandText = "SELECT address FROM audit WHERE action = $action";
        command.Parameters.AddWithValue("$action", action);
        return (string?)command.ExecuteScalar();
    }

    [GeneratedRegex(@"https?://\S+/sign-in/once\?token=\S+")]
    private static partial Regex Link();

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"([^\"]+)\"")]
    private static partial Regex FormToken();

    [GeneratedRegex("(?:<script[^>]*src|<link[^>]*href)=\"([^\"]+)\"")]
    private static partial Regex Files();
}
