using System.Net;
using OpenQA.Selenium;
using Voltaxe.EndToEnd.Tests.Product;
using Voltaxe.Testing;

namespace Voltaxe.EndToEnd.Tests.Screens;

/// <summary>People in a hurry: they type before they look, click twice, and leave tabs open. What was ordered is judged by the API.</summary>
[Collection(RealProcesses.Name)]
public sealed class HurriedHandsTests(SignedIn signedIn) : IClassFixture<SignedIn>
{
    private const string Dialog = "dialog[open] ", Confirm = Dialog + "[data-testid=confirm-button]", Reason = Dialog + "[data-testid=reason-input]";
    private static int hosts;
    private readonly Browser browser = signedIn.Browser;

    /// <summary>How the hand comes down on Confirm, in the page itself: no driver is as fast.</summary>
    [NeedsTheory(Needs.Chromium)]
    [InlineData("button.click(); button.click();")]
    [InlineData("for (let i = 0; i < 20; i++) button.click();")]
    [InlineData("for (let i = 0; i < 20; i++) setTimeout(() => document.querySelector('dialog[open] [data-confirm]')?.click(), i * 15);")]
    [InlineData("button.focus(); key(button, 'Enter'); button.click(); key(button, 'Enter');")]
    [InlineData("for (let i = 0; i < 5; i++) key(reason, 'Enter', true);")]
    [InlineData("key(reason, 'Enter', true); button.click(); key(reason, 'Enter', true); button.click();")]
    public async Task However_often_it_is_confirmed_it_is_one_order(string hand)
    {
        var host = await OpenAsync();
        await OrderDialogAsync(host);
        browser.Type("C2 beacon");
        await browser.SeeAsync(Dialog + "[data-testid=consequence]", "off the network", Site.Patience);
        browser.Ask<object?>("""
            const button = document.querySelector('dialog[open] [data-confirm]'), reason = document.querySelector('dialog[open] textarea');
            const key = (on, name, ctrl = false) => { on.dispatchEvent(new KeyboardEvent('keydown', { key: name, ctrlKey: ctrl, bubbles: true, cancelable: true })); if (!ctrl && on === button) on.click(); };
            """ + hand);
        await browser.GoneAsync("dialog[open]", Site.Patience);
        await browser.SeeAsync("[data-testid=toasts]", "is queued as", Site.Patience);
        var ordered = Assert.Single((await signedIn.Site.Operator.CommandsAsync("?host=" + host)).Items);
        Assert.Equal("C2 beacon", ordered.Reason);
    }

    [NeedsFact(Needs.Chromium)]
    public async Task A_double_click_of_the_mouse_is_one_order_and_a_held_Ctrl_Enter_too()
    {
        foreach (var held in new[] { false, true })
        {
            var host = await OpenAsync();
            await OrderDialogAsync(host);
            browser.Type("C2 beacon");
            var actions = new OpenQA.Selenium.Interactions.Actions(browser.Driver);
            if (held)
                actions.KeyDown(Keys.Control).SendKeys(Keys.Enter).SendKeys(Keys.Enter).SendKeys(Keys.Enter).KeyUp(Keys.Control).Perform();
            else
                actions.DoubleClick(await browser.FindAsync(Confirm)).Perform();
            await browser.GoneAsync("dialog[open]", Site.Patience);
            await browser.SeeAsync("[data-testid=toasts]", "is queued as", Site.Patience);
            Assert.Single((await signedIn.Site.Operator.CommandsAsync("?host=" + host)).Items);
        }
    }

    [NeedsFact(Needs.Chromium)]
    public async Task What_is_typed_at_once_lands_in_the_reason_and_Escape_leads_back()
    {
        var host = await OpenAsync();
        await OrderDialogAsync(host);
        browser.Type(" C2 beacon on the host \n");
        Assert.Equal(" C2 beacon on the host \n", (await browser.FindAsync(Reason)).GetDomProperty("value"));
        Assert.True((await browser.FindAsync(Confirm)).Displayed, "a space cancels nothing, Enter in the reason sends nothing");
        browser.Type(Keys.Escape);
        await browser.GoneAsync("dialog[open]", Site.Patience);
        Assert.Equal("isolate-button", browser.Ask<string>("return document.activeElement.dataset.testid ?? document.activeElement.tagName;"));
        Assert.Empty((await signedIn.Site.Operator.CommandsAsync("?host=" + host)).Items);
    }

    [NeedsFact(Needs.Chromium)]
    public async Task Signing_out_in_one_tab_ends_all_of_them_with_a_dialog_half_filled_and_every_copy_of_the_cookie()
    {
        var host = await OpenAsync();
        var filled = browser.Driver.CurrentWindowHandle;
        await OrderDialogAsync(host);
        browser.Type("C2 beacon");
        var idle = browser.NewTab(signedIn.At("/commands?tab=history"));
        await browser.FindAsync("[data-testid=who]", Site.Patience);
        var leaving = browser.NewTab(signedIn.At("/fleet"));
        await browser.FindAsync("[data-testid=who]", Site.Patience);
        using var thief = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = signedIn.Site.Hub.Url };
        thief.DefaultRequestHeaders.Add("Cookie", string.Join("; ", browser.Driver.Manage().Cookies.AllCookies.Select(c => $"{c.Name}={c.Value}")));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(thief, "/api/v1/agents"));
        try
        {
            await browser.ClickAsync("[data-testid=sign-out-button]");
            await browser.FindAsync("[data-testid=sign-in-notice]", Site.Patience);
            var clock = System.Diagnostics.Stopwatch.StartNew();
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(thief, "/api/v1/agents"));
            Assert.Equal(HttpStatusCode.Redirect, await StatusAsync(thief, "/fleet"));

            // Pressed before the tab knows: refused. The dialog says so or is gone; nothing was ordered.
            browser.Tab(filled);
            browser.Ask<object?>("document.querySelector('dialog[open] [data-confirm]')?.click();");
            foreach (var tab in new[] { filled, idle })
            {
                browser.Tab(tab);
                await browser.SeeAsync("[data-testid=session-ended]", "no longer signed in", TimeSpan.FromSeconds(30) - clock.Elapsed);
                Assert.Empty(browser.Driver.FindElements(By.CssSelector("dialog[open], [data-testid=isolate-button]")));
            }
            browser.Resize(320);
            Assert.Equal("", browser.Ask<string>(EveryWidthTests.OutOfSight));
            browser.Picture("session-ended");
            browser.Resize(1280);
            Assert.Empty((await signedIn.Site.Operator.CommandsAsync("?host=" + host)).Items);
        }
        finally
        {
            foreach (var tab in new[] { idle, leaving })
            {
                browser.Tab(tab);
                browser.Driver.Close();
            }
            browser.Tab(filled);
            browser.Open(signedIn.At("/sign-in"));
            await browser.TypeAsync("[data-testid=username]", "admin");
            await browser.TypeAsync("[data-testid=password]", FirstPerson.Password);
            await browser.ClickAsync("[data-testid=sign-in-button]");
            await browser.FindAsync("[data-testid=who]", Site.Patience);
        }
    }

    [NeedsFact(Needs.Chromium)]
    public async Task A_page_that_does_not_exist_keeps_the_navigation_and_a_wrong_password_the_name()
    {
        browser.Open(signedIn.At("/no/such/page"));
        await browser.SeeAsync("main", "There is nothing here", Site.Patience);
        browser.Picture("not-found");
        await browser.ClickAsync("nav a[href=commands]");
        await browser.FindAsync("[data-testid=tab-pending]", Site.Patience);
        using var other = new Browser();
        other.Open(signedIn.At("/no/such/page"));
        await other.FindAsync("[data-testid=password]", Site.Patience);
        await other.TypeAsync("[data-testid=username]", "admin");
        await other.TypeAsync("[data-testid=password]", "wrong horse battery");
        await other.ClickAsync("[data-testid=sign-in-button]");
        await other.SeeAsync("[data-testid=sign-in-error]", "wrong", Site.Patience);
        Assert.Equal("admin", (await other.FindAsync("[data-testid=username]")).GetDomProperty("value"));
        Assert.DoesNotContain("admin", other.Address.PathAndQuery, StringComparison.Ordinal);
        other.Type(FirstPerson.Password + Keys.Enter);
        await other.FindAsync("[data-testid=who]", Site.Patience);
    }

    /// <summary>The fleet, with a host that nobody has ordered anything of.</summary>
    private async Task<string> OpenAsync()
    {
        var host = $"hurried-{Interlocked.Increment(ref hosts)}";
        await signedIn.Site.EnrolWireAsync(host);
        browser.Open(signedIn.At("/fleet?q=" + host));
        await browser.FindAsync($"[data-testid=host-row-{host}] [data-testid=isolate-button]", Site.Patience);
        return host;
    }

    private async Task OrderDialogAsync(string host)
    {
        await browser.ClickAsync($"[data-testid=host-row-{host}] [data-testid=isolate-button]");
        await browser.FindAsync(Confirm, Site.Patience);
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient http, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { { "Accept", "text/html" } } };
        using var answer = await http.SendAsync(request);
        return answer.StatusCode;
    }
}
