using System.Text.Json;
using Bunit;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Components.Pages;
using Voltaxe.Dashboard.Tests.Fakes;

namespace Voltaxe.Dashboard.Tests.Pages;

public class HostTests : Screen
{
    [Fact]
    public void From_the_click_to_the_proof_the_page_follows_by_itself()
    {
        var page = Open(Given.Agent());
        page.Test("isolate-button").Click();
        page.WaitFor("reason-input").Input("C2 beacon");
        page.Test("confirm-button").Click();
        page.WaitFor("tracker");
        Assert.EndsWith("/hosts/web-01?command=1", Browser.Uri, StringComparison.Ordinal);
        Assert.Equal("pending", page.Test("command-status").Value());
        Assert.True(page.Test("isolate-button").IsOff());

        var row = Given.Command(1);
        foreach (var (moment, step) in new[] { (Given.HandedOver(row), "delivered"), (Given.Received(row), "received"), (Given.Running(row), "running") })
        {
            Hub.Put(moment);
            page.WaitForAssertion(() => Assert.Equal("current", page.Test($"tracker-step-{step}").GetAttribute("data-state")));
            Assert.DoesNotContain("success", page.Markup, StringComparison.OrdinalIgnoreCase);
        }
        Hub.Put(Given.Agent(containment: Containment.Isolated));
        Hub.Put(Given.At(row, CommandStatus.Executed) with { VerifiedAt = Given.Noon.AddSeconds(1), Result = new(true, "canary refused", null) });
        page.WaitForAssertion(() =>
        {
            Assert.Equal("executed", page.Test("tracker").QuerySelector("[data-testid=command-status]")!.Value());
            Assert.Equal("canary refused", page.Test("result-message").Said());
            Assert.Equal("isolated", page.Test("containment-badge").Value());
            Assert.False(page.Test("restore-button").IsOff());
        });
    }

    [Fact]
    public void A_late_picture_does_not_turn_the_tracker_back()
    {
        var row = Given.Command();
        Hub.Put(Given.Running(row));
        var page = Open(Given.Agent());
        page.WaitFor("tracker");
        Hub.Say(Given.At(row, CommandStatus.Executed));
        page.WaitForAssertion(() => Assert.Equal("executed", page.Test("command-status").Value()));
        Hub.Say(Given.HandedOver(row));
        Hub.Put(Given.Command(8, command: CommandNames.KillProcess));
        page.WaitFor("command-row-8");
        Assert.Equal("executed", page.Test("command-row-7").In("command-status").Value());
    }

    [Fact]
    public void What_waits_and_what_has_ended_are_two_lists()
    {
        Hub.Put(Given.Command(1, status: CommandStatus.Executed), Given.Command(2), Given.Command(3, "other"));
        var page = Open(Given.Agent());
        page.WaitFor("command-row-2");
        Assert.NotNull(page.Find("section[aria-labelledby=upcoming]").QuerySelector("[data-testid=command-row-2]"));
        Assert.NotNull(page.Find("section[aria-labelledby=past]").QuerySelector("[data-testid=command-row-1]"));
        Assert.False(page.Has("command-row-3"));
    }

    [Fact]
    public void The_address_says_which_command_is_open_even_an_old_one()
    {
        Hub.Put([.. Enumerable.Range(1, 150).Select(i => Given.Command(i, status: CommandStatus.Failed))]);
        Browser.NavigateTo("/hosts/web-01?command=3");
        var page = Open(Given.Agent());
        page.WaitForAssertion(() => Assert.Equal("Progress of #3", page.Test("tracker").GetAttribute("aria-label")));
    }

    [Fact]
    public void A_command_of_another_host_is_not_shown_here()
    {
        Hub.Put(Given.Command(3, "other"), Given.Command(4));
        Browser.NavigateTo("/hosts/web-01?command=3");
        var page = Open(Given.Agent());
        page.WaitFor("command-row-4");
        Assert.False(page.Has("tracker"));
    }

    [Fact]
    public void A_queued_command_is_cancelled_from_its_tracker()
    {
        Hub.Put(Given.Command());
        var page = Open(Given.Agent());
        page.WaitFor("tracker");
        page.Test("tracker").In("cancel-button");
        page.Find("[data-testid=tracker] [data-testid=cancel-button]").Click();
        page.WaitFor("reason-input").Input("false alarm");
        page.Test("confirm-button").Click();
        page.WaitForAssertion(() => Assert.Equal("cancelled", page.Test("command-status").Value()));
        Assert.False(page.Has("cancel-button"));
    }

    [Fact]
    public void A_host_that_is_not_there_says_so_only_when_that_is_known()
    {
        Hub.Hold = new();
        var page = Render<Host>(p => p.Add(h => h.Name, "nobody"));
        Assert.True(page.Has("skeleton"));
        Hub.Hold.SetResult();
        Assert.Contains("No host of this name", page.WaitFor("empty-state").Said(), StringComparison.Ordinal);
        Hub.Put(Given.Agent("nobody"));
        page.WaitFor("host-header");
    }

    [Fact]
    public void The_name_is_found_in_any_case_and_another_name_is_another_host()
    {
        Hub.Put(Given.Agent("db-02"));
        Hub.Put(Given.Command(5, "db-02"));
        Hub.Put(Given.Command(4));
        var page = Open(Given.Agent(), "WEB-01");
        page.WaitFor("command-row-4");
        page.Render(p => p.Add(h => h.Name, "db-02"));
        page.WaitFor("command-row-5");
        Assert.Equal("db-02", page.Find("h1").Said());
        Assert.False(page.Has("command-row-4"));
    }

    [Fact]
    public async Task Changes_of_other_hosts_draw_nothing()
    {
        var page = Open(Given.Agent());
        page.WaitForAssertion(() => Assert.DoesNotContain("Loading", page.Markup, StringComparison.Ordinal));
        // A change in each of the two feeds has been drawn: nothing of their opening is still to come.
        Hub.Put(Given.Command(4));
        page.WaitFor("command-row-4");
        Hub.Put(Given.Agent(presence: Presence.Stale));
        page.WaitForAssertion(() => Assert.Equal("stale", page.Test("presence-badge").Value()));
        // What one change of this host costs, counted over the page and everything in it.
        var start = await DrawnAsync();
        Hub.Put(Given.Agent(presence: Presence.Polling));
        page.WaitForAssertion(() => Assert.Equal("polling", page.Test("presence-badge").Value()));
        var one = await DrawnAsync() - start;
        for (var i = 0; i < 100; i++)
            Hub.Put(Given.Agent($"h-{i}"));
        Hub.Put(Given.Agent());
        page.WaitForAssertion(() => Assert.Equal("live", page.Test("presence-badge").Value()));
        Assert.Equal(2 * one, await DrawnAsync() - start);

        // Counted where drawing happens, so never in the middle of it.
        Task<int> DrawnAsync() => page.InvokeAsync(() => page.RenderCount);
    }

    [Fact]
    public void A_viewer_sees_everything_and_can_do_nothing()
    {
        SignIn("viewer");
        Hub.Put(Given.Command());
        var page = Open(Given.Agent());
        page.WaitFor("tracker");
        page.WaitForAssertion(() => Assert.All(["isolate-button", "kill-button", "collect-button", "cancel-button"], id => Assert.True(page.Test(id).IsOff())));
        Assert.Contains("viewer", page.Test("kill-button-why").Said(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Leaving_the_page_lets_go_of_the_hub()
    {
        Open(Given.Agent());
        await Testing.Eventually.TrueAsync(() => Hub.OpenViews == 3);
        await DisposeComponentsAsync();
        await Testing.Eventually.TrueAsync(() => Hub.OpenViews == 0);
    }

    [Fact]
    public void A_hostile_host_with_a_hostile_result_is_inert()
    {
        Hub.Put(Given.At(Given.Command(), CommandStatus.Failed) with { Reason = Given.Hostile, CreatedBy = Given.Hostile, Result = new(false, Given.Hostile, JsonSerializer.SerializeToElement(Given.Hostile)) });
        var page = Open(Given.Agent() with { Os = Given.Hostile, Version = Given.Hostile, Degraded = Given.Hostile, Tags = [Given.Hostile] });
        page.WaitFor("result-message");
        AssertInert(page, 60_000);
    }

    private IRenderedComponent<Host> Open(AgentView agent, string? name = null)
    {
        Hub.Put(agent);
        var page = Render<Host>(p => p.Add(h => h.Name, name ?? agent.Host));
        page.WaitFor("host-header");
        return page;
    }
}
