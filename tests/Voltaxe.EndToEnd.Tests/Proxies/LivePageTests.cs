using System.Text.RegularExpressions;
using Voltaxe.EndToEnd.Tests.Product;
using Voltaxe.EndToEnd.Tests.Screens;
using Voltaxe.Testing;

namespace Voltaxe.EndToEnd.Tests.Proxies;

/// <summary>What a person sees behind a proxy: one that was set up as docs/proxy says, and some that were not.</summary>
[Collection(RealProcesses.Name)]
public sealed partial class LivePageTests
{
    private const string Trusting = "--ignore-certificate-errors";

    [NeedsFact(Needs.Chromium | Needs.Nginx)]
    public async Task Under_a_path_of_its_host_the_dashboard_signs_in_becomes_live_and_stays_in_its_path()
    {
        var port = FreePort.Next();
        await using var site = await Site.StartAsync(settings: new Dictionary<string, string?> { ["Voltaxe__PublicUrl"] = $"https://localhost:{port}/voltaxe/" });
        await using var proxy = await ProxyProcess.StartAsync("nginx-subpath.conf", port, site.Hub.Url);
        using var browser = new Browser(more: Trusting);
        browser.Open(await LinkAsync(site));
        await FirstPerson.ChoosePasswordAsync(browser);
        await browser.SeeAsync("[data-testid=empty-state]", "No host has enrolled yet", Site.Patience);
        browser.MarkPage();
        await site.EnrolWireAsync("web-01");
        await browser.ClickAsync("[data-testid=host-row-web-01] th a");
        await browser.FindAsync("[data-testid=isolate-button]", Site.Patience);
        Assert.Equal($"https://localhost:{port}/voltaxe/hosts/web-01", browser.Address.GetLeftPart(UriPartial.Path));
        Assert.True(browser.IsSamePage);
        Assert.Empty(browser.Complaints);
        Assert.False(browser.Driver.FindElement(OpenQA.Selenium.By.Id("transport-note")).Displayed);
        await browser.ClickAsync("[data-testid=sign-out-button]");
        await browser.SeeAsync("[data-testid=sign-in-button]", "Sign in", Site.Patience);
        Assert.Equal("/voltaxe/sign-in", browser.Address.AbsolutePath);
    }

    [NeedsFact(Needs.Chromium | Needs.Nginx)]
    public async Task A_page_that_cannot_become_live_says_what_stands_in_the_way()
    {
        await using var site = await Site.StartAsync();
        using var browser = new Browser(more: Trusting);

        // Host is not passed on: the hub cannot know that the page is its own.
        var port = FreePort.Next();
        await using (await ProxyProcess.StartAsync("nginx.conf", port, site.Hub.Url, WithoutHost))
        {
            var link = await LinkAsync(site);
            browser.Open(new UriBuilder(link) { Scheme = "https", Port = port, Host = "localhost" }.Uri);
            await browser.TypeAsync("[data-testid=password]", FirstPerson.Password);
            await browser.TypeAsync("[data-testid=password-again]", FirstPerson.Password);
            await browser.ClickAsync("[data-testid=sign-in-button]");
            await browser.SeeAsync(Explanation, $"The hub was asked as https://{site.Hub.Url.Authority}, your browser is at https://localhost:{port}", Site.Patience);
            await browser.SeeAsync(Explanation, "must pass on the Host header");
        }

        // The scheme is not: another origin.
        await using (await ProxyProcess.StartAsync("nginx.conf", port, site.Hub.Url, conf => conf.Replace("X-Forwarded-Proto  $scheme", "X-Forwarded-Proto  \"\"", StringComparison.Ordinal)))
        {
            await SignInAsync(browser, new Uri($"https://localhost:{port}/sign-in"));
            await browser.SeeAsync(Explanation, "must send X-Forwarded-Proto", Site.Patience);
        }

        // WebSockets are not.
        await using (await ProxyProcess.StartAsync("nginx.conf", port, site.Hub.Url, conf => Header("Upgrade|Connection").Replace(conf, "")))
        {
            await SignInAsync(browser, new Uri($"https://localhost:{port}/sign-in"));
            await browser.SeeAsync(Explanation, "WebSockets do not get through", Site.Patience);
        }

        // Nothing of the live connection is.
        await using (await ProxyProcess.StartAsync("nginx.conf", port, site.Hub.Url, conf => conf.Replace("location / {", "location /_blazor { return 502; }\n        location / {", StringComparison.Ordinal)))
        {
            await SignInAsync(browser, new Uri($"https://localhost:{port}/sign-in"));
            await browser.SeeAsync("#boot-why", "_blazor/negotiate, answers 502", Site.Patience);
        }
    }

    /// <summary>On the page that waits, or under the one that found a slower way.</summary>
    private const string Explanation = "#boot-why, #transport-note";

    private static string WithoutHost(string conf) => Header("Host").Replace(conf, "");

    private static Regex Header(string names) => new($@"proxy_set_header +({names}) .*;");

    private static async Task SignInAsync(Browser browser, Uri page)
    {
        browser.Driver.Manage().Cookies.DeleteAllCookies();
        browser.Open(page);
        await browser.TypeAsync("[name=username]", "admin");
        await browser.TypeAsync("[name=password]", FirstPerson.Password);
        await browser.ClickAsync("[data-testid=sign-in-button]");
    }

    private static async Task<Uri> LinkAsync(Site site) => new((await site.Hub.Process.WaitForLineAsync(Link(), Site.Patience)).Value);

    [GeneratedRegex(@"https?://\S+/sign-in/once\?token=\S+")]
    private static partial Regex Link();
}
