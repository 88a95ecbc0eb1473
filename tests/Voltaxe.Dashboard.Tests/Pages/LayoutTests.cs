using AngleSharp.Dom;
using Bunit;
using Microsoft.AspNetCore.Components;
using Voltaxe.Dashboard.Components.Layout;
using Voltaxe.Dashboard.Tests.Fakes;

namespace Voltaxe.Dashboard.Tests.Pages;

public class LayoutTests : Screen
{
    [Fact]
    public void The_shell_says_who_is_signed_in_and_lets_them_out()
    {
        SignIn("responder");
        var shell = Render<Shell>(p => p.Add(s => s.Body, Text("<h1>Page</h1>")));
        Assert.Equal("ana responder", shell.Test("who").Said());
        var form = shell.Find("form[method=post][action='sign-out']");
        Assert.NotNull(form.QuerySelector("input[name=__RequestVerificationToken]"));
        Assert.Equal("submit", shell.Test("sign-out-button").GetAttribute("type"));
    }

    [Fact]
    public void A_person_with_a_hostile_name_is_inert()
    {
        Identity.SetAuthorized(Given.Hostile);
        AssertInert(Render<Shell>(p => p.Add(s => s.Body, Text("x"))));
    }

    [Fact]
    public void The_content_can_be_reached_past_the_menu()
    {
        Browser.NavigateTo("/commands?tab=history");
        var shell = Render<Shell>(p => p.Add(s => s.Body, Text("x")));
        Assert.EndsWith("/commands?tab=history#main", shell.Find(".skip").GetAttribute("href"), StringComparison.Ordinal);
        Assert.NotNull(shell.Find("main#main[tabindex='-1']"));
        Assert.Equal("Main", shell.Find("nav").GetAttribute("aria-label"));
    }

    [Theory]
    [InlineData("/", "Fleet")]
    [InlineData("/fleet?containment=drift", "Fleet")]
    [InlineData("/hosts/web-01", "Fleet")]
    [InlineData("/commands", "Commands")]
    [InlineData("/commands/7", "Commands")]
    [InlineData("/evidence?host=web-01", "Evidence")]
    public void The_menu_marks_where_the_page_belongs(string page, string tab)
    {
        Browser.NavigateTo(page);
        var shell = Render<Shell>(p => p.Add(s => s.Body, Text("x")));
        Assert.Equal((tab, "page"), (shell.Find("nav a.active").Said(), shell.Find("nav a.active").GetAttribute("aria-current")));
    }

    [Fact]
    public void A_page_that_breaks_is_told_apart_from_what_was_ordered()
    {
        var shell = Render<Shell>(p => p.Add(s => s.Body, b => { b.OpenComponent<Breaks>(0); b.CloseComponent(); }));
        Assert.Contains("could not be shown", shell.Test("empty-state").Said(), StringComparison.Ordinal);
        Assert.NotNull(shell.Find("nav"));
    }

    [Fact]
    public void The_theme_has_three_choices_that_the_script_listens_to()
    {
        var shown = Render<ThemeSwitch>();
        Assert.Equal(["light", "system", "dark"], shown.FindAll("button").Select(b => b.GetAttribute("data-theme-choice")));
        Assert.All(shown.FindAll("button"), b => Assert.NotEmpty(b.GetAttribute("aria-label")!));
    }

    [Fact]
    public void The_plain_layout_frames_the_page() =>
        Assert.Equal("Hello", Render<PlainLayout>(p => p.Add(l => l.Body, Text("Hello"))).Find(".card").Said());

    [Fact]
    public void A_page_for_everybody_keeps_the_navigation_of_who_is_signed_in()
    {
        Assert.NotNull(Render<EitherLayout>(p => p.Add(l => l.Body, Text("gone"))).Find("nav a[href=commands]"));
        Identity.SetNotAuthorized();
        var plain = Render<EitherLayout>(p => p.Add(l => l.Body, Text("gone")));
        Assert.Equal("gone", plain.Find(".card").Said());
        Assert.Empty(plain.FindAll("nav"));
    }

    [Fact]
    public void The_sign_is_a_drawing_beside_the_name() => Assert.NotNull(Render<BrandMark>().Find("svg[aria-hidden=true]"));

    private static RenderFragment Text(string html) => b => b.AddMarkupContent(0, html);

    private sealed class Breaks : ComponentBase
    {
        protected override void OnInitialized() => throw new InvalidOperationException("broken on purpose");
    }
}
