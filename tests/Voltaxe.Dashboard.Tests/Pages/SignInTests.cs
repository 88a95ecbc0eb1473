using Bunit;
using Microsoft.AspNetCore.Http;
using Voltaxe.Dashboard.Components.Pages;
using Voltaxe.Dashboard.Components.Pages.SignIn;
using Voltaxe.Dashboard.Tests.Fakes;

namespace Voltaxe.Dashboard.Tests.Pages;

public class SignInTests : Screen
{
    [Fact]
    public void The_form_is_posted_with_its_token_and_the_way_back()
    {
        Browser.NavigateTo("/sign-in?ReturnUrl=%2Fhosts%2Fweb-01");
        var page = Render<SignInPage>();
        var form = page.Find("form");
        Assert.Equal(("post", "sign-in"), (form.GetAttribute("method"), form.GetAttribute("action")));
        Assert.Equal(["__RequestVerificationToken", "return_url", "username", "password"], form.QuerySelectorAll("input").Select(i => i.GetAttribute("name")));
        Assert.Equal("/hosts/web-01", form.QuerySelector("[name=return_url]")!.GetAttribute("value"));
        Assert.Equal("password", page.Test("password").GetAttribute("type"));
        Assert.Equal("submit", page.Test("sign-in-button").GetAttribute("type"));
        Assert.All(form.QuerySelectorAll("label"), l => Assert.NotNull(form.QuerySelector($"#{l.GetAttribute("for")}")));
    }

    [Fact]
    public void It_leads_nowhere_but_here()
    {
        Browser.NavigateTo("/sign-in?ReturnUrl=%2F%2Fevil.example");
        Assert.Equal("/", Render<SignInPage>().Find("[name=return_url]").GetAttribute("value"));
    }

    [Fact]
    public void A_failure_is_told_in_our_words_never_in_the_addresss()
    {
        Browser.NavigateTo("/sign-in?error=credentials");
        Assert.Equal("User name or password is wrong.", Render<SignInPage>().Test("sign-in-error").Said());
        Browser.NavigateTo("/sign-in?error=" + Uri.EscapeDataString(Given.Hostile[..200]));
        var page = Render<SignInPage>();
        Assert.Equal("Sign-in did not work. Try again.", page.Test("sign-in-error").Said());
        Assert.DoesNotContain("alert(", page.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_password_keeps_the_name_and_asks_for_the_password()
    {
        var http = new DefaultHttpContext();
        http.Request.Headers.Cookie = SignInPage.NameCookie + "=ana";
        Browser.NavigateTo("/sign-in?error=credentials");
        var again = Render<SignInPage>(p => p.AddCascadingValue<HttpContext>(http));
        Assert.Equal("ana", again.Test("username").GetAttribute("value"));
        Assert.Equal((false, true), (again.Test("username").HasAttribute("autofocus"), again.Test("password").HasAttribute("autofocus")));
        Browser.NavigateTo("/sign-in");
        Assert.Equal("", Render<SignInPage>(p => p.AddCascadingValue<HttpContext>(http)).Test("username").GetAttribute("value") ?? "");
    }

    [Fact]
    public void After_signing_out_it_says_so()
    {
        Browser.NavigateTo("/sign-in?notice=signed_out");
        Assert.Equal("You are signed out.", Render<SignInPage>().Test("sign-in-notice").Said());
    }

    [Fact]
    public void A_one_time_link_takes_a_click()
    {
        Browser.NavigateTo("/sign-in/once?token=vtx_one_abc");
        var form = Render<SignInOnce>().Find("form[method=post][action='sign-in/once']");
        Assert.Equal(["__RequestVerificationToken", "token"], form.QuerySelectorAll("input").Select(i => i.GetAttribute("name")));
        Assert.Equal("vtx_one_abc", form.QuerySelector("[name=token]")!.GetAttribute("value"));
    }

    [Fact]
    public void The_first_time_it_asks_for_a_password_twice()
    {
        Browser.NavigateTo("/sign-in/once?token=t&setup=true&error=password_mismatch");
        var page = Render<SignInOnce>();
        Assert.Equal(["__RequestVerificationToken", "token", "password", "password_again"], page.FindAll("input").Select(i => i.GetAttribute("name")));
        Assert.All(page.FindAll("input[type=password]"), i => Assert.Equal(("new-password", "12"), (i.GetAttribute("autocomplete"), i.GetAttribute("minlength"))));
        Assert.Equal("The two passwords are not the same.", page.Test("sign-in-error").Said());
    }

    [Theory]
    [InlineData("/sign-in/once")]
    [InlineData("/sign-in/once?token=")]
    public void A_link_without_its_token_says_so(string address)
    {
        Browser.NavigateTo(address);
        var page = Render<SignInOnce>();
        Assert.True(page.Has("no-token"));
        Assert.Empty(page.FindAll("form"));
    }

    [Fact]
    public void Pages_that_lead_nowhere_lead_on()
    {
        Assert.Equal("fleet", Render<NotFound>().Find("a").GetAttribute("href"));
        Assert.Equal(["fleet", "sign-in"], Render<AccessDenied>().FindAll("a").Select(a => a.GetAttribute("href")));
    }
}
