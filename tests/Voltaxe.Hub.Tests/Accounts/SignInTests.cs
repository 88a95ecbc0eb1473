using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Voltaxe.Hub.Accounts;
using Voltaxe.Hub.Security;
using Voltaxe.Hub.Transports.Operators;
using Voltaxe.Testing;
using static Voltaxe.Hub.Tests.Agents.RevocationTests;

namespace Voltaxe.Hub.Tests.Accounts;

public sealed partial class SignInTests
{
    private const string Password = "correct horse battery";

    [Fact]
    public async Task The_first_admin_sets_a_password_with_the_link_once_and_signs_in_with_it()
    {
        await using var hub = await RunningHub.StartAsync();
        var link = (await hub.Get<FirstRun>().EnsureAsync(CancellationToken.None))!;
        using var browser = Browser(hub);
        using (var opened = await browser.GetAsync("/sign-in/once?token=" + link))
            Assert.Equal(HttpStatusCode.OK, opened.StatusCode);
        Assert.StartsWith("/sign-in/once?error=password_weak", await PostFormAsync(browser, "/sign-in/once", ("token", link), ("password", "short"), ("password_again", "short")));
        Assert.StartsWith("/sign-in/once?error=password_mismatch", await PostFormAsync(browser, "/sign-in/once", ("token", link), ("password", Password), ("password_again", Password + "x")));
        Assert.Equal("/", await PostFormAsync(browser, "/sign-in/once", ("token", link), ("password", Password), ("password_again", Password)));
        using var answer = await browser.GetAsync("/api/v1/agents");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);

        using var second = Browser(hub);
        Assert.StartsWith("/sign-in/once?error=link", await PostFormAsync(second, "/sign-in/once", ("token", link), ("password", Password), ("password_again", Password)));
        Assert.StartsWith("/sign-in?error=credentials", await PostFormAsync(second, "/sign-in", ("username", "admin"), ("password", "wrong horse battery")));
        Assert.StartsWith("/sign-in?error=credentials", await PostFormAsync(second, "/sign-in", ("username", "nobody"), ("password", Password)));
        Assert.Equal("/commands", await PostFormAsync(second, "/sign-in", ("username", "ADMIN"), ("password", Password), ("return_url", "/commands")));
        Assert.Null(await hub.Get<FirstRun>().EnsureAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Of_twenty_who_use_a_link_at_once_one_gets_in()
    {
        await using var hub = await RunningHub.StartAsync();
        var link = (await hub.Get<FirstRun>().EnsureAsync(CancellationToken.None))!;
        var answers = await Agents.EnrolmentTests.AtOnceAsync(20, _ => hub.SendAsync(new RedeemLink.Request(link, Password, Password, null)));
        Assert.Single(answers, a => !a.IsRefused);
    }

    [Fact]
    public async Task A_link_ends_after_a_day()
    {
        var clock = new ManualClock();
        await using var hub = await RunningHub.StartAsync(clock: clock);
        var link = (await hub.Get<FirstRun>().EnsureAsync(CancellationToken.None))!;
        clock.Advance(TimeSpan.FromHours(24));
        Assert.Equal("link", (await hub.SendAsync(new RedeemLink.Request(link, Password, Password, null))).Refusal?.Slug);
    }

    [Fact]
    public async Task A_wrong_password_keeps_the_name_in_the_form_and_not_in_the_address()
    {
        await using var hub = await RunningHub.StartAsync();
        await UserAsync(hub, "ana", Role.Viewer);
        using var browser = Browser(hub);
        var back = await PostFormAsync(browser, "/sign-in", ("username", "ana"), ("password", "wrong horse battery"));
        Assert.DoesNotContain("ana", back, StringComparison.Ordinal);
        Assert.Contains("name=\"username\" value=\"ana\"", await browser.GetStringAsync(back), StringComparison.Ordinal);
        Assert.DoesNotContain("value=\"ana\"", await browser.GetStringAsync("/sign-in"), StringComparison.Ordinal);
        // What cannot be a name may be a password in the wrong field: it is not kept.
        var wrong = await PostFormAsync(browser, "/sign-in", ("username", Password), ("password", ""));
        Assert.DoesNotContain(Password, await browser.GetStringAsync(wrong), StringComparison.Ordinal);
        Assert.Equal("/", await PostFormAsync(browser, "/sign-in", ("username", "ana"), ("password", Password)));
    }

    [Fact]
    public async Task After_five_wrong_passwords_the_right_one_has_to_wait()
    {
        await using var hub = await RunningHub.StartAsync();
        await UserAsync(hub, "ana", Role.Viewer);
        using var browser = Browser(hub);
        var last = "";
        for (var i = 0; i < 5; i++)
            last = await PostFormAsync(browser, "/sign-in", ("username", "ana"), ("password", "wrong horse battery"));
        Assert.StartsWith("/sign-in?error=locked", last);
        Assert.StartsWith("/sign-in?error=locked", await PostFormAsync(browser, "/sign-in", ("username", "ana"), ("password", Password)));
    }

    [Fact]
    public async Task A_form_without_its_token_is_sent_back()
    {
        await using var hub = await RunningHub.StartAsync();
        await UserAsync(hub, "ana", Role.Viewer);
        using var answer = await hub.Http.PostAsync("/sign-in", new FormUrlEncodedContent(new Dictionary<string, string> { ["username"] = "ana", ["password"] = Password }));
        Assert.Equal("/sign-in?error=form", answer.Headers.Location?.OriginalString);
        Assert.False(answer.Headers.Contains("Set-Cookie"));
    }

    [Fact]
    public async Task What_another_site_makes_a_browser_send_changes_nothing()
    {
        await using var hub = await RunningHub.StartAsync();
        using var browser = await SignedInAsync(hub, "ana", Role.Admin);
        foreach (var (header, value, expected) in new[] { ("Origin", "http://evil.example", 403), ("Sec-Fetch-Site", "cross-site", 403), ("Origin", "null", 403), ("Origin", hub.Url.GetLeftPart(UriPartial.Authority), 201), ("Sec-Fetch-Site", "same-origin", 201) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/enrollment-tokens") { Content = new StringContent("{}", System.Text.Encoding.UTF8, "application/json") };
            request.Headers.Add(header, value);
            using var answer = await browser.SendAsync(request);
            Assert.Equal(expected, (int)answer.StatusCode);
        }
        using var form = await PostAsync(browser, "/api/v1/enrollment-tokens", "{}", "text/plain");
        Assert.Equal(403, (int)form.StatusCode);
        Assert.Equal(2, await hub.ReadAsync(db => db.EnrolmentTokens.CountAsync()));
    }

    [Theory]
    [InlineData("UPDATE users SET role = 'admin' WHERE user_name = 'eve'")]
    [InlineData("UPDATE users SET user_name = 'ana' WHERE user_name = 'eve'")]
    [InlineData("DELETE FROM users WHERE user_name = 'eve'")]
    [InlineData("UPDATE users SET security_stamp = 'other' WHERE user_name = 'eve'")]
    public async Task A_session_ends_at_once_when_its_user_is_changed_or_gone(string sql)
    {
        var clock = new ManualClock(TimeProvider.System.GetUtcNow());
        await using var hub = await RunningHub.StartAsync(clock: clock);
        using var browser = await SignedInAsync(hub, "eve", Role.Viewer);
        using (var before = await browser.GetAsync("/api/v1/agents"))
            Assert.Equal(HttpStatusCode.OK, before.StatusCode);
        var principal = await PrincipalAsync(hub, "eve");
        await using var scope = hub.App.Services.CreateAsyncScope();
        using var circuit = ActivatorUtilities.CreateInstance<CircuitRevalidation>(scope.ServiceProvider);
        Assert.True(await circuit.IsStillValidAsync(principal));
        await hub.TamperAsync(System.Runtime.CompilerServices.FormattableStringFactory.Create(sql));
        using var after = await browser.GetAsync("/api/v1/agents");
        Assert.Equal(HttpStatusCode.Unauthorized, after.StatusCode);
        Assert.False(await circuit.IsStillValidAsync(principal));
    }

    [Fact]
    public async Task Claims_that_another_hand_wrote_give_nothing()
    {
        await using var hub = await RunningHub.StartAsync();
        await UserAsync(hub, "eve", Role.Viewer);
        await hub.TamperAsync($"INSERT INTO user_claims (user_id, claim_type, claim_value) SELECT id, 'role', 'admin' FROM users WHERE user_name = 'eve'");
        using var browser = await SignInAsync(hub, "eve");
        using var answer = await PostAsync(browser, "/api/v1/enrollment-tokens", "{}");
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    [Fact]
    public async Task Signing_out_ends_the_session_in_the_browser_in_every_copy_of_its_cookie_and_in_every_tab()
    {
        await using var hub = await RunningHub.StartAsync();
        var jar = new CookieContainer();
        using var browser = await SignedInAsync(hub, "ana", Role.Viewer, jar);
        var stolen = new CookieContainer();
        stolen.Add(jar.GetAllCookies());
        using var copy = Browser(hub, stolen);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(copy));
        Assert.Equal("/sign-in?notice=signed_out", await PostFormAsync(browser, "/sign-out"));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(browser));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(copy));
        using var page = new HttpRequestMessage(HttpMethod.Get, "/fleet") { Headers = { { "Accept", "text/html" } } };
        using var led = await copy.SendAsync(page);
        Assert.StartsWith("/sign-in", led.Headers.Location?.OriginalString, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_session_ends_after_30_idle_minutes_and_after_8_hours_whatever_is_done()
    {
        var clock = new ManualClock(TimeProvider.System.GetUtcNow());
        await using var hub = await RunningHub.StartAsync(clock: clock);
        using var idle = await SignedInAsync(hub, "ana", Role.Viewer);
        using var busy = await SignedInAsync(hub, "bob", Role.Viewer);
        for (var minutes = 0; minutes < 8 * 60 - 20; minutes += 20)
        {
            clock.Advance(TimeSpan.FromMinutes(20));
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(busy));
            if (minutes == 20)
                Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(idle));
        }
        clock.Advance(TimeSpan.FromMinutes(20));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(busy));
    }

    [Fact]
    public async Task A_tab_that_only_shows_becomes_idle_and_one_in_which_somebody_works_does_not()
    {
        var clock = new ManualClock(TimeProvider.System.GetUtcNow());
        await using var hub = await RunningHub.StartAsync(clock: clock);
        await UserAsync(hub, "ana", Role.Viewer);
        foreach (var works in new[] { false, true })
        {
            var principal = await PrincipalAsync(hub, "ana");
            await using var scope = hub.App.Services.CreateAsyncScope();
            using var circuit = ActivatorUtilities.CreateInstance<CircuitRevalidation>(scope.ServiceProvider);
            var activity = scope.ServiceProvider.GetRequiredService<CircuitActivity>().CreateInboundActivityHandler(static _ => Task.CompletedTask);
            for (var minutes = 0; minutes < 25; minutes += 5)
            {
                clock.Advance(TimeSpan.FromMinutes(5));
                if (works)
                    await activity(null!);
                Assert.True(await circuit.IsStillValidAsync(principal));
            }
            clock.Advance(TimeSpan.FromMinutes(5));
            Assert.Equal(works, await circuit.IsStillValidAsync(principal));
        }
    }

    [Fact]
    public async Task What_a_tab_orders_after_its_session_ended_is_refused_and_a_key_orders_once()
    {
        await using var hub = await RunningHub.StartAsync();
        await UserAsync(hub, "ana", Role.Responder);
        var principal = await PrincipalAsync(hub, "ana");
        var agent = await hub.SendAsync(new Voltaxe.Hub.Agents.AddLegacyAgent.Request(new("old-01", true), new("boss", Role.Admin)));
        Assert.False(agent.IsRefused);
        var actions = new HubActions(hub.Get<IServiceScopeFactory>(), new As(principal), hub.Get<OperatorSessions>());
        var order = new Voltaxe.Contracts.Operators.NewCommands { Command = "network_isolate", Hosts = ["old-01"], Reason = "C2 beacon" };
        var first = await actions.QueueAsync(order, "dialog-1", default);
        var again = await Agents.EnrolmentTests.AtOnceAsync(10, _ => actions.QueueAsync(order, "dialog-1", default));
        Assert.All(again, a => Assert.Equal(first.Value!.Commands[0].Uid, a.Value!.Commands[0].Uid));
        Assert.Equal("idempotency_key_reused", (await actions.QueueAsync(order with { Reason = "another reason" }, "dialog-1", default)).Problem?.Type?.Split(':')[^1]);

        await hub.Get<OperatorSessions>().EndAsync(principal, default);
        var refused = await actions.QueueAsync(order, "dialog-2", default);
        Assert.EndsWith("session_ended", refused.Problem?.Type, StringComparison.Ordinal);
        Assert.Equal(1, await hub.ReadAsync(db => db.Commands.CountAsync()));
    }

    private sealed class As(System.Security.Claims.ClaimsPrincipal user) : AuthenticationStateProvider
    {
        public override Task<AuthenticationState> GetAuthenticationStateAsync() => Task.FromResult(new AuthenticationState(user));
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient browser)
    {
        using var answer = await browser.GetAsync("/api/v1/agents");
        return answer.StatusCode;
    }

    [Theory]
    [InlineData("/commands?status=open", "/commands?status=open")]
    [InlineData("//evil.example", "/")]
    [InlineData("/\\evil.example", "/")]
    [InlineData("https://evil.example", "/")]
    [InlineData("/a\r\nSet-Cookie: x", "/")]
    [InlineData(null, "/")]
    public void A_way_back_leads_to_this_site_only(string? asked, string given) => Assert.Equal(given, SignIn.LocalOrHome(asked));

    internal static async Task<HttpClient> SignedInAsync(RunningHub hub, string name, Role role, CookieContainer? jar = null)
    {
        await UserAsync(hub, name, role);
        return await SignInAsync(hub, name, jar);
    }

    private static async Task<HttpClient> SignInAsync(RunningHub hub, string name, CookieContainer? jar = null)
    {
        var browser = Browser(hub, jar);
        Assert.Equal("/", await PostFormAsync(browser, "/sign-in", ("username", name), ("password", Password)));
        return browser;
    }

    internal static async Task UserAsync(RunningHub hub, string name, Role role)
    {
        var link = (await hub.SendAsync(new CreateUser.Request(name, role, new("boss", Role.Admin)))).Value;
        Assert.False((await hub.SendAsync(new RedeemLink.Request(link, Password, Password, null))).IsRefused);
    }

    private static async Task<System.Security.Claims.ClaimsPrincipal> PrincipalAsync(RunningHub hub, string name)
    {
        await using var scope = hub.App.Services.CreateAsyncScope();
        var signIn = scope.ServiceProvider.GetRequiredService<SignInManager<HubUser>>();
        var user = (await signIn.UserManager.FindByNameAsync(name))!;
        var principal = await signIn.CreateUserPrincipalAsync(user);
        // As signing in does it, for a tab of its own.
        ((System.Security.Claims.ClaimsIdentity)principal.Identity!).AddClaim(new(OperatorSessions.Claim, await hub.Get<OperatorSessions>().BeginAsync(user.Id, default)));
        return principal;
    }

    internal static HttpClient Browser(RunningHub hub, CookieContainer? jar = null) =>
        new(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = jar ?? new CookieContainer() }) { BaseAddress = hub.Url };

    /// <summary>Fetches a page for its form token, posts the form, and gives where it leads.</summary>
    internal static async Task<string> PostFormAsync(HttpClient browser, string path, params (string Name, string Value)[] fields)
    {
        var page = await browser.GetStringAsync("/sign-in");
        var token = FormTokenIn(page);
        using var answer = await browser.PostAsync(path, new FormUrlEncodedContent([new("__RequestVerificationToken", token), .. fields.Select(f => KeyValuePair.Create(f.Name, f.Value))]));
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        return answer.Headers.Location!.OriginalString;
    }

    internal static string FormTokenIn(string page)
    {
        var token = FormToken().Match(page).Groups[1].Value;
        Assert.NotEmpty(token);
        return token;
    }

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"([^\"]+)\"")]
    private static partial Regex FormToken();
}
