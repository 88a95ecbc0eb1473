using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Voltaxe.EndToEnd.Tests.Product;
using Voltaxe.Testing;

namespace Voltaxe.EndToEnd.Tests.Harness;

[Collection(RealProcesses.Name)]
public sealed class BrowserTests
{
    private const string Page = """
        <!doctype html><title>t</title><label>Reason <input id="why"></label><button id="go">Isolate</button><p class="badge">normal</p>
        <script>go.onclick = () => setTimeout(() => document.querySelector('.badge').textContent = 'isolated: ' + why.value, 100);</script>
        """;

    [NeedsFact(Needs.Chromium)]
    public async Task A_real_browser_types_clicks_and_sees_a_change_that_came_without_a_reload()
    {
        await using var app = await ServeAsync();
        using var browser = new Browser();
        browser.Open(new Uri(app.Urls.Single()));
        browser.MarkPage();

        await browser.TypeAsync("#why", "C2 beacon");
        await browser.ClickAsync("#go");

        await browser.SeeAsync(".badge", "Isolated: C2 beacon");
        Assert.True(browser.IsSamePage);
        Assert.DoesNotContain(browser.Complaints, c => !c.Contains("favicon", StringComparison.Ordinal));
        browser.Open(new Uri(app.Urls.Single()));
        Assert.False(browser.IsSamePage);
    }

    [NeedsFact(Needs.Chromium)]
    public async Task What_never_shows_is_a_failure_with_a_picture()
    {
        await using var app = await ServeAsync();
        using var browser = new Browser();
        browser.Open(new Uri(app.Urls.Single()));
        var failure = await Assert.ThrowsAsync<TimeoutException>(() => browser.SeeAsync(".badge", "isolated", TimeSpan.FromMilliseconds(200)));
        Assert.Contains("BrowserTests.cs", failure.Message, StringComparison.Ordinal);
        Assert.Contains("normal", failure.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(failure.Message.Split("Picture: ")[1].Split(".png")[0] + ".png"));
    }

    private static async Task<WebApplication> ServeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.MapGet("/", () => Results.Content(Page, "text/html"));
        await app.StartAsync();
        return app;
    }
}
