using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Voltaxe.Hub.Accounts;
using Voltaxe.Hub.Security;
using Voltaxe.Hub.Tests.Accounts;
using Voltaxe.Testing;

namespace Voltaxe.Hub.Tests.Security;

/// <summary>Who is believed about scheme, host, address and prefix. With the real proxies: Voltaxe.EndToEnd.Tests/Proxies.</summary>
public sealed class ReverseProxyTests
{
    private const string Password = "correct horse battery";

    [Theory]
    [InlineData("203.0.113.5", "203.0.113.5", "127.0.0.0/8")]
    [InlineData("6.6.6.6, 203.0.113.5", "203.0.113.5", "127.0.0.0/8")] // what the client itself wrote in front counts for nothing
    [InlineData("6.6.6.6, 203.0.113.5, 10.1.2.3", "203.0.113.5", "127.0.0.1", "10.0.0.0/8")]
    [InlineData("203.0.113.5, 10.1.2.3", "10.1.2.3", "127.0.0.1")]
    [InlineData("203.0.113.5", "127.0.0.1", "192.0.2.1")]
    [InlineData("nonsense", "127.0.0.1", "127.0.0.1")]
    public async Task The_address_in_the_trail_is_the_last_that_no_trusted_proxy_has(string forwarded, string expected, params string[] trusted)
    {
        await using var hub = await StartAsync(trusted);
        var link = (await hub.Get<FirstRun>().EnsureAsync(CancellationToken.None))!;
        using var browser = SignInTests.Browser(hub);
        browser.DefaultRequestHeaders.Add("X-Forwarded-For", forwarded);
        await SignInTests.PostFormAsync(browser, "/sign-in/once", ("token", link), ("password", Password), ("password_again", Password));
        Assert.Equal(expected, await hub.ReadAsync(db => db.Audit.Where(a => a.Action == "password_set").Select(a => a.Address).SingleAsync()));
    }

    [Theory]
    [InlineData(true, 401)]
    [InlineData(false, 429)]
    public async Task Limits_count_the_client_behind_a_trusted_proxy_and_nobody_gets_round_them_by_a_header(bool isTrusted, int expected)
    {
        await using var hub = await StartAsync([isTrusted ? "127.0.0.1" : "192.0.2.1"], ("Voltaxe:Doors:AgentsPerMinute", "2"));
        var last = 0;
        for (var i = 0; i < 5; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/agent/v1/token") { Content = new StringContent("{}", System.Text.Encoding.UTF8, "application/json") };
            request.Headers.Add("X-Forwarded-For", $"203.0.113.{i + 1}");
            using var answer = await hub.Http.SendAsync(request);
            last = (int)answer.StatusCode;
        }
        Assert.Equal(expected, last);
    }

    [Theory]
    [InlineData("127.0.0.1", 201, true)]
    [InlineData("192.0.2.1", 403, false)]
    public async Task Scheme_and_host_of_the_browser_are_believed_from_a_trusted_proxy_alone(string trusted, int expected, bool isSecure)
    {
        await using var hub = await StartAsync([trusted]);
        await SignInTests.UserAsync(hub, "ana", Role.Admin);
        using var cookies = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false };
        using var browser = new HttpClient(cookies) { BaseAddress = hub.Url };
        browser.DefaultRequestHeaders.Add("X-Forwarded-Proto", "https");
        browser.DefaultRequestHeaders.Add("X-Forwarded-Host", "hub.example");
        var session = await CookiesAsync(browser, "ana");
        Assert.All(session, cookie => Assert.Equal(isSecure, cookie.Contains("; secure", StringComparison.OrdinalIgnoreCase)));

        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/enrollment-tokens") { Content = new StringContent("{}", System.Text.Encoding.UTF8, "application/json") };
        request.Headers.Add("Cookie", string.Join("; ", session.Select(c => c.Split(';')[0])));
        request.Headers.Add("Origin", "https://hub.example");
        using var answer = await browser.SendAsync(request);
        Assert.Equal(expected, (int)answer.StatusCode);
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("https", "hub.example")]
    public async Task With_a_public_address_people_sign_in_whatever_the_proxy_passes_on(string? proto, string? host)
    {
        await using var hub = await StartAsync([], ("Voltaxe:PublicUrl", "https://hub.example"));
        await SignInTests.UserAsync(hub, "ana", Role.Admin);
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false };
        using var browser = new HttpClient(handler) { BaseAddress = hub.Url };
        if (proto is not null)
            browser.DefaultRequestHeaders.Add("X-Forwarded-Proto", proto);
        browser.DefaultRequestHeaders.Host = host;
        var session = await CookiesAsync(browser, "ana");
        Assert.All(session, cookie => Assert.Matches("^__Host-voltaxe_.*path=/;.*secure", cookie));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/enrollment-tokens") { Content = new StringContent("{}", System.Text.Encoding.UTF8, "application/json") };
        request.Headers.Add("Cookie", string.Join("; ", session.Select(c => c.Split(';')[0])));
        request.Headers.Add("Origin", "https://hub.example");
        using var answer = await browser.SendAsync(request);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
    }

    [Theory]
    [InlineData("/soc/voltaxe", "hub.example", null, "/soc/voltaxe")] // passed on
    [InlineData("/soc/voltaxe", "hub.example", "/soc/voltaxe", "/soc/voltaxe")] // passed on, and told
    [InlineData("", "127.0.0.1:8080", "/soc/voltaxe", "/soc/voltaxe")] // taken off, and told
    [InlineData("", "hub.example", null, "/soc/voltaxe")] // taken off in silence
    [InlineData("", "127.0.0.1:8080", null, "")] // nobody in between: the hub itself, at its root
    public async Task A_prefix_holds_for_pages_redirects_cookies_and_locations(string asked, string host, string? told, string prefix)
    {
        await using var hub = await StartAsync([], ("Voltaxe:PublicUrl", "http://hub.example/soc/voltaxe/"));
        await SignInTests.UserAsync(hub, "ana", Role.Admin);
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false };
        using var browser = new HttpClient(handler) { BaseAddress = hub.Url };
        browser.DefaultRequestHeaders.Host = host;
        if (told is not null)
            browser.DefaultRequestHeaders.Add("X-Forwarded-Prefix", told);

        using (var page = new HttpRequestMessage(HttpMethod.Get, asked + "/commands?status=open") { Headers = { { "Accept", "text/html" } } })
        using (var away = await browser.SendAsync(page))
            Assert.Equal($"{prefix}/sign-in?ReturnUrl={Uri.EscapeDataString(prefix + "/commands?status=open")}", away.Headers.Location?.OriginalString);
        var session = await CookiesAsync(browser, "ana", asked, prefix);
        Assert.All(session, cookie => Assert.Contains($"path={(prefix.Length > 0 ? prefix : "/")};", cookie, StringComparison.OrdinalIgnoreCase));
        var answer = await browser.GetStringAsync(asked + "/sign-in");
        Assert.Contains($"<base href=\"{prefix}/\"", answer, StringComparison.Ordinal);
        Assert.Contains("<form method=\"post\" action=\"sign-in\"", answer, StringComparison.Ordinal);
        using var script = await browser.GetAsync(asked + "/_framework/blazor.web.js");
        Assert.True(script.Content.Headers.ContentLength is null or > 100_000);
        Assert.Equal(HttpStatusCode.OK, script.StatusCode);
    }

    [Fact]
    public async Task A_prefix_asked_for_without_its_slash_is_led_to_it_and_no_other_path_is_taken_for_it()
    {
        await using var hub = await StartAsync([], ("Voltaxe:PublicUrl", "http://hub.example/soc/voltaxe"));
        using var bare = await hub.Http.GetAsync("/soc/voltaxe?a=b");
        Assert.Equal("/soc/voltaxe/?a=b", bare.Headers.Location?.OriginalString);
        using var other = await hub.Http.GetAsync("/soc/voltaxe2/healthz");
        Assert.NotEqual(HttpStatusCode.OK, other.StatusCode);
        using var health = await hub.Http.GetAsync("/soc/voltaxe/healthz");
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
    }

    [Fact]
    public void What_cannot_be_an_address_of_a_proxy_or_of_the_hub_is_named_by_its_key()
    {
        var refused = Assert.Throws<HubConfigurationException>(() => Build(
            ("Voltaxe:TrustedProxies:0", "10.0.0.7"), ("Voltaxe:TrustedProxies:1", "10.0.0.7/33"), ("Voltaxe:TrustedProxies:2", "proxy.example"),
            ("Voltaxe:TrustedProxies:3", "::ffff:10.0.0.9"), ("Voltaxe:PublicUrl", "https://hub.example/?x=1")));
        Assert.Equal(3, refused.Faults.Count);
        foreach (var key in new[] { "Voltaxe:TrustedProxies:1 ", "Voltaxe:TrustedProxies:2 ", "Voltaxe:PublicUrl " })
            Assert.Contains(refused.Faults, fault => fault.StartsWith(key, StringComparison.Ordinal));
        Assert.StartsWith("Voltaxe:TrustedProxies is a list", Assert.Single(Assert.Throws<HubConfigurationException>(() => Build(("Voltaxe:TrustedProxies", "10.0.0.7"))).Faults));
        Assert.StartsWith("Voltaxe:PublicUrl", Assert.Single(Assert.Throws<HubConfigurationException>(() => Build(("Voltaxe:PublicUrl", "https://hub.example/commands"))).Faults));
    }

    private static void Build(params (string Key, string Value)[] settings)
    {
        using var folder = new TempFolder();
        HubApplication.Build([], builder =>
        {
            builder.Configuration["Voltaxe:DataDirectory"] = folder.Root;
            foreach (var (key, value) in settings)
                builder.Configuration[key] = value;
        });
    }

    private static Task<RunningHub> StartAsync(string[] trusted, params (string Key, string Value)[] settings) =>
        RunningHub.StartAsync(settings: [.. settings, .. trusted.Select((network, i) => ($"Voltaxe:TrustedProxies:{i}", network))]);

    /// <summary>Signs in, and gives the cookies as the hub wrote them.</summary>
    private static async Task<IReadOnlyList<string>> CookiesAsync(HttpClient browser, string name, string asked = "", string prefix = "")
    {
        using var page = await browser.GetAsync(asked + "/sign-in");
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        var form = page.Headers.GetValues("Set-Cookie").ToArray();
        var token = SignInTests.FormTokenIn(await page.Content.ReadAsStringAsync());
        using var request = new HttpRequestMessage(HttpMethod.Post, asked + "/sign-in")
        {
            Content = new FormUrlEncodedContent([new("__RequestVerificationToken", token), new("username", name), new("password", Password)]),
        };
        request.Headers.Add("Cookie", string.Join("; ", form.Select(c => c.Split(';')[0])));
        using var answer = await browser.SendAsync(request);
        Assert.Equal(prefix + "/", answer.Headers.Location?.OriginalString);
        return [.. form, .. answer.Headers.GetValues("Set-Cookie")];
    }
}
