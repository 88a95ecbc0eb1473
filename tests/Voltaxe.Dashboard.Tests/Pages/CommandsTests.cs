using Bunit;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Components.Pages;
using Voltaxe.Dashboard.Tests.Fakes;

namespace Voltaxe.Dashboard.Tests.Pages;

public class CommandsTests : Screen
{
    [Fact]
    public void A_new_command_appears_and_an_ended_one_leaves_the_pending_tab()
    {
        Hub.Put(Given.Command(1));
        var page = Open("command-row-1");
        Hub.Put(Given.Command(2));
        page.WaitFor("command-row-2");
        Assert.Equal("command-row-2", page.Find("tbody tr").GetAttribute("data-testid"));
        Hub.Put(Given.Command(1, status: CommandStatus.Executed));
        page.WaitForAssertion(() => Assert.False(page.Has("command-row-1")));
    }

    [Fact]
    public void Each_tab_has_its_own_commands()
    {
        Hub.Put(Given.Command(1), Given.Command(2, status: CommandStatus.Failed));
        var page = Open("command-row-1");
        Assert.False(page.Has("command-row-2"));
        Browser.NavigateTo("/commands?tab=history");
        page.WaitFor("command-row-2");
        Assert.False(page.Has("command-row-1"));
        Assert.Equal("page", page.Test("tab-history").GetAttribute("aria-current"));
    }

    [Fact]
    public void Filters_come_from_the_address_and_go_to_it()
    {
        Hub.Put(Given.Command(1), Given.Command(2, "db-01"), Given.Command(3, "db-01", CommandNames.KillProcess), Given.Command(4, "db-01") with { CreatedBy = "bo" });
        Browser.NavigateTo("/commands?host=db-01&created_by=ana");
        var page = Open("command-row-2");
        Assert.Equal(["command-row-3", "command-row-2"], page.FindAll("tbody tr").Select(r => r.GetAttribute("data-testid")));
        page.Test("command-filter").Change("kill_process");
        page.WaitForAssertion(() => Assert.False(page.Has("command-row-2")));
        Assert.Contains("host=db-01", Browser.Uri, StringComparison.Ordinal);
        Assert.Contains("command=kill_process", Browser.Uri, StringComparison.Ordinal);
        page.Test("clear-filters").Click();
        page.WaitFor("command-row-1");
        Assert.EndsWith("/commands", Browser.Uri, StringComparison.Ordinal);
    }

    [Fact]
    public void Older_commands_are_a_page_with_an_address_and_the_way_back_is_live()
    {
        Hub.Put([.. Enumerable.Range(1, 60).Select(i => Given.Command(i, status: CommandStatus.Failed))]);
        Browser.NavigateTo("/commands?tab=history&size=25");
        var page = Open("command-row-60");
        Hub.Put(Given.Command(61, status: CommandStatus.Failed));
        page.WaitFor("command-row-61");
        Assert.Equal(25, page.FindAll("tbody tr").Count);
        page.Test("older").Click();
        page.WaitFor("command-row-36");
        Assert.Contains("after=mark-37", Browser.Uri, StringComparison.Ordinal);
        page.Test("older").Click();
        page.WaitFor("command-row-1");
        Assert.True(page.Test("older").HasAttribute("disabled"));
        Browser.NavigateTo(page.Test("newest").GetAttribute("href")!);
        page.WaitFor("command-row-61");
    }

    [Fact]
    public void A_full_pending_page_that_empties_is_filled_again_with_older_ones()
    {
        Hub.Put([.. Enumerable.Range(1, 40).Select(i => Given.Command(i))]);
        Browser.NavigateTo("/commands?size=25");
        var page = Open("command-row-40");
        Assert.False(page.Has("command-row-10"));
        Hub.Put([.. Enumerable.Range(16, 25).Select(i => Given.Command(i, status: CommandStatus.Executed))]);
        page.WaitFor("command-row-10");
    }

    [Fact]
    public void A_command_is_cancelled_from_the_list()
    {
        Hub.Put(Given.Command(1), Given.HandedOver(Given.Command(2)));
        var page = Open("command-row-1");
        page.Find("[data-testid=command-row-1] [data-testid=cancel-button]").Click();
        page.WaitFor("reason-input").Input("false alarm");
        page.Test("confirm-button").Click();
        page.WaitForAssertion(() => Assert.False(page.Has("command-row-1")));
        page.Test("cancel-button").Click();
        page.WaitFor("reason-input").Input("false alarm");
        page.Test("confirm-button").Click();
        page.WaitForAssertion(() => Assert.Contains("cancel requested", page.Test("command-row-2").Said(), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/commands", "Nothing is waiting")]
    [InlineData("/commands?tab=history", "No command has ended")]
    [InlineData("/commands?host=x", "No command fits")]
    public void An_empty_list_says_why(string address, string why)
    {
        Browser.NavigateTo(address);
        Assert.Contains(why, Open("empty-state").Test("empty-state").Said(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Leaving_or_changing_the_filter_lets_go_of_the_hub()
    {
        Hub.Put(Given.Command(1));
        var page = Open("command-row-1");
        Browser.NavigateTo("/commands?host=web-01");
        page.WaitFor("command-row-1");
        await Testing.Eventually.TrueAsync(() => Hub.OpenViews == 1);
        await DisposeComponentsAsync();
        await Testing.Eventually.TrueAsync(() => Hub.OpenViews == 0);
    }

    [Fact]
    public void A_list_of_hostile_commands_is_inert()
    {
        Hub.Put(Given.Command(1) with { Host = Given.Hostile[..200], Reason = Given.Hostile, CreatedBy = Given.Hostile, Command = Given.Hostile });
        AssertInert(Open("command-row-1"));
    }

    private IRenderedComponent<Components.Pages.Commands> Open(string testId)
    {
        var page = Render<Components.Pages.Commands>();
        page.WaitFor(testId);
        return page;
    }
}
