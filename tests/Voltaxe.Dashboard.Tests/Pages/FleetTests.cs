using Bunit;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Components.Pages;
using Voltaxe.Dashboard.Components.Parts.Tables;
using Voltaxe.Dashboard.Tests.Fakes;

namespace Voltaxe.Dashboard.Tests.Pages;

public class FleetTests : Screen
{
    [Fact]
    public void While_the_hub_is_asked_a_skeleton_shows_and_no_empty_fleet_is_claimed()
    {
        Hub.Hold = new();
        var page = Render<Fleet>();
        Assert.True(page.Has("skeleton"));
        Assert.False(page.Has("empty-state"));
        Hub.Hold.SetResult();
        page.WaitFor("empty-state");
        Assert.Contains("enroll-token create", page.Test("empty-state").Said(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_badge_turns_when_its_host_does()
    {
        var page = Open(Given.Agent());
        Assert.Equal("normal", page.Test("containment-badge").Value());
        Hub.Put(Given.Agent(containment: Containment.Isolating));
        page.WaitForAssertion(() => Assert.Equal("isolating", page.Test("containment-badge").Value()));
        Hub.Put(Given.Agent(presence: Presence.Offline, containment: Containment.Isolated));
        page.WaitForAssertion(() => Assert.Equal(("offline", "isolated"), (page.Test("presence-badge").Value(), page.Test("containment-badge").Value())));
        Assert.True(page.Has("restore-button"));
    }

    [Fact]
    public void Hosts_come_and_go()
    {
        var page = Open(Given.Agent("a"), Given.Agent("b"));
        Hub.Retire("a-a");
        Hub.Put(Given.Agent("c"));
        page.WaitForAssertion(() => Assert.True(page.Has("host-row-b") && page.Has("host-row-c") && !page.Has("host-row-a")));
    }

    [Fact]
    public void The_table_is_real()
    {
        var page = Open(Given.Agent());
        Assert.NotEmpty(page.Find("caption").Said());
        Assert.All(page.FindAll("thead th"), th => Assert.Equal("col", th.GetAttribute("scope")));
        Assert.Equal("ascending", page.FindAll("thead th")[0].GetAttribute("aria-sort"));
    }

    [Fact]
    public void Filters_come_from_the_address_and_go_to_it()
    {
        Browser.NavigateTo("/fleet?presence=offline&sort=-host");
        var page = Open(Given.Agent("a"), Given.Agent("b", Presence.Offline), Given.Agent("c", Presence.Offline));
        Assert.Equal(["c", "b"], Hosts(page));
        page.Test("search-input").Input("b");
        page.WaitForAssertion(() => Assert.Equal(["b"], Hosts(page)));
        Assert.EndsWith("/fleet?presence=offline&sort=-host&q=b", Browser.Uri, StringComparison.Ordinal);
        page.Test("clear-filters").Click();
        page.WaitForAssertion(() => Assert.Equal(["c", "b", "a"], Hosts(page)));
        Assert.EndsWith("/fleet?sort=-host", Browser.Uri, StringComparison.Ordinal);
        page.FindAll("thead button")[0].Click();
        page.WaitForAssertion(() => Assert.Equal(["a", "b", "c"], Hosts(page)));
        Assert.EndsWith("/fleet", Browser.Uri, StringComparison.Ordinal);
    }

    [Fact]
    public void A_filter_an_order_and_a_page_are_steps_back_typing_is_not()
    {
        var page = Open([.. Enumerable.Range(0, 120).Select(i => Given.Agent($"h-{i:000}"))]);
        bool Replaced(Action act)
        {
            var before = Browser.Uri;
            act();
            page.WaitForAssertion(() => Assert.NotEqual(before, Browser.Uri));
            return Browser.History.First().Options.ReplaceHistoryEntry;
        }
        Assert.False(Replaced(() => page.Test("page-next").Click()));
        Assert.False(Replaced(() => page.Test("presence-filter").Change("live")));
        Assert.False(Replaced(() => page.FindAll("thead button")[1].Click()));
        Assert.True(Replaced(() => page.Test("search-input").Input("h-00")));
        Assert.False(Replaced(() => page.Test("clear-filters").Click()));
    }

    [Fact]
    public void A_dry_run_host_says_so_in_its_row()
    {
        var page = Open(Given.Agent(containment: Containment.Isolated) with { Capabilities = [.. CommandNames.All, "dry_run"] });
        Assert.Equal(("isolated", "Dry run: isolated"), (page.Test("containment-badge").Value(), page.Test("containment-badge").Said()));
        Assert.StartsWith("0 ", page.Test("chip-isolated").Said(), StringComparison.Ordinal);
    }

    [Fact]
    public void No_fit_says_why_and_what_next()
    {
        Browser.NavigateTo("/fleet?q=nobody");
        Hub.Put(Given.Agent());
        var page = Render<Fleet>();
        Assert.Contains("No host fits", page.WaitFor("empty-state").Said(), StringComparison.Ordinal);
        Assert.Equal("fleet", page.Test("empty-state").QuerySelector("a")!.GetAttribute("href"));
    }

    [Fact]
    public void Five_thousand_hosts_are_one_page_and_a_change_elsewhere_draws_no_row()
    {
        var page = Open([.. Enumerable.Range(0, 5_000).Select(i => Given.Agent($"h-{i:0000}"))]);
        var rows = page.FindComponents<FleetRow>();
        Assert.Equal(50, rows.Count);
        Assert.Equal("1–50 of 5,000", page.Test("pager-words").Said());
        for (var i = 100; i < 400; i++)
            Hub.Put(Given.Agent($"h-{i:0000}") with { Version = "0.2.0" });
        Hub.Put(Given.Agent("h-0001", Presence.Offline));
        page.WaitForAssertion(() => Assert.Equal("offline", page.Test("host-row-h-0001").In("presence-badge").Value()));
        Assert.Equal(51, rows.Sum(r => r.Instance.Drawings));
    }

    [Fact]
    public void A_host_is_isolated_within_two_clicks_and_a_reason()
    {
        var page = Open(Given.Agent());
        page.Test("isolate-button").Click();
        page.WaitFor("reason-input").Input("C2 beacon");
        page.Test("confirm-button").Click();
        page.WaitForAssertion(() => Assert.False(page.Has("dialog")));
        Assert.Equal("C2 beacon", Assert.Single(Hub.Queued).Reason);
        page.WaitForAssertion(() => Assert.True(page.Test("isolate-button").IsOff()));
        Assert.Contains("#1 is still open", page.Test("isolate-button-why").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void The_button_comes_back_when_the_command_ends()
    {
        Hub.Put(Given.Command());
        var page = Open(Given.Agent());
        page.WaitForAssertion(() => Assert.True(page.Test("isolate-button").IsOff()));
        Hub.Put(Given.Command(status: CommandStatus.Failed));
        page.WaitForAssertion(() => Assert.False(page.Test("isolate-button").IsOff()));
    }

    [Theory]
    [InlineData("viewer", true)]
    [InlineData("approver", true)]
    [InlineData("responder", false)]
    [InlineData("admin", false)]
    public void Roles_shape_the_row(string role, bool off)
    {
        SignIn(role);
        var page = Open(Given.Agent());
        page.WaitForAssertion(() => Assert.Equal(off, page.Test("isolate-button").IsOff()));
        if (off)
        {
            page.Test("isolate-button").Click();
            Assert.False(page.Has("dialog"));
            Assert.Contains(role, page.Test("isolate-button-why").Said(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_lost_view_is_said_and_what_was_known_stays()
    {
        var page = Open(Given.Agent());
        Hub.Hold = new();
        Hub.Break(new IOException("gone"));
        page.WaitFor("feed-lost");
        Assert.True(page.Has("host-row-web-01"));
        Hub.Hold.SetResult();
        page.WaitForAssertion(() => Assert.False(page.Has("feed-lost")));
    }

    [Fact]
    public async Task Leaving_the_page_lets_go_of_the_hub()
    {
        Open(Given.Agent());
        await Testing.Eventually.TrueAsync(() => Hub.OpenViews == 2);
        await DisposeComponentsAsync();
        await Testing.Eventually.TrueAsync(() => Hub.OpenViews == 0);
    }

    [Fact]
    public void A_fleet_of_hostile_hosts_is_inert() => AssertInert(Open(Given.Agent() with { Host = Given.Hostile[..200], Os = Given.Hostile, Version = Given.Hostile, Tags = [Given.Hostile] }));

    private IRenderedComponent<Fleet> Open(params AgentView[] agents)
    {
        Hub.Put(agents);
        var page = Render<Fleet>();
        page.WaitFor("fleet-table");
        return page;
    }

    private static IEnumerable<string> Hosts(IRenderedComponent<Fleet> page) => page.FindAll("tbody tr th a").Select(a => a.TextContent);
}
