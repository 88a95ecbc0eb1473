using Bunit;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Components.Parts.Tables;
using Voltaxe.Dashboard.Model.Lists;
using Voltaxe.Dashboard.Model.Ordering;
using Voltaxe.Dashboard.Tests.Fakes;

namespace Voltaxe.Dashboard.Tests.Parts;

public class TableTests : Screen
{
    private static readonly Rights Admin = new("admin", true, true, true);

    [Theory]
    [InlineData(FleetSort.Host, false, "ascending")]
    [InlineData(FleetSort.Host, true, "descending")]
    [InlineData(FleetSort.Os, false, "none")]
    public void A_head_says_how_its_column_is_sorted(FleetSort by, bool descending, string aria)
    {
        FleetSort? asked = null;
        var shown = Render<SortHeader>(p => p.Add(h => h.Text, "Host").Add(h => h.By, FleetSort.Host).Add(h => h.Query, new FleetQuery { Sort = by, Descending = descending }).Add(h => h.OnSort, s => asked = s));
        Assert.Equal((aria, "col"), (shown.Find("th").GetAttribute("aria-sort"), shown.Find("th").GetAttribute("scope")));
        shown.Find("button").Click();
        Assert.Equal(FleetSort.Host, asked);
    }

    [Fact]
    public void A_pager_knows_its_ends()
    {
        int? page = null, size = null;
        var shown = Render<Pager>(p => p.Add(x => x.Paging, Paging.Of(1, 50, 120)).Add(x => x.OnPage, i => page = i).Add(x => x.OnSize, i => size = i));
        Assert.Equal("1–50 of 120", shown.Test("pager-words").Said());
        Assert.True(shown.Test("page-back").HasAttribute("disabled"));
        shown.Test("page-next").Click();
        shown.Test("page-size").Change("100");
        Assert.Equal((2, 100), (page, size));
        shown.Render(p => p.Add(x => x.Paging, Paging.Of(3, 50, 120)));
        Assert.True(shown.Test("page-next").HasAttribute("disabled"));
    }

    [Fact]
    public void A_chip_counts_and_leads_to_its_rows()
    {
        var chip = Render<FilterChip>(p => p.Add(c => c.Text, "live").Add(c => c.Count, 1234).Add(c => c.Href, "/fleet?presence=live").Add(c => c.Active, true)).Find("a");
        Assert.Equal(("1,234 live", "/fleet?presence=live", "true"), (chip.Said(), chip.GetAttribute("href"), chip.GetAttribute("aria-current")));
    }

    [Fact]
    public void A_row_shows_both_facts_and_asks_for_its_host()
    {
        (AgentView Agent, ActionKind Kind)? asked = null;
        var row = Render<FleetRow>(p => p.Add(r => r.Agent, Given.Agent(containment: Containment.Isolated) with { Drift = true, DriftSince = Given.Noon.AddMinutes(-5), OpenCommands = 2 }).Add(r => r.Open, []).Add(r => r.Rights, Admin).Add(r => r.OnAction, a => asked = a));
        var tr = row.Test("host-row-web-01");
        Assert.Equal("row", tr.QuerySelector("th")!.GetAttribute("scope"));
        Assert.Equal(("live", "isolated"), (tr.In("presence-badge").Value(), tr.In("containment-badge").Value()));
        Assert.True(row.Has("drift-badge"));
        Assert.Equal("since 11:55:00", row.Test("drift-since").Said());
        row.Test("restore-button").Click();
        Assert.Equal(("web-01", ActionKind.Restore), (asked!.Value.Agent.Host, asked.Value.Kind));
    }

    [Fact]
    public void A_row_draws_again_only_when_its_own_facts_differ()
    {
        var agent = Given.Agent();
        var row = Render<FleetRow>(p => p.Add(r => r.Agent, agent).Add(r => r.Open, []).Add(r => r.Rights, Admin));
        for (var i = 0; i < 10; i++)
            row.Render(p => p.Add(r => r.Agent, agent).Add(r => r.Open, new List<CommandView>()));
        Assert.Equal(1, row.Instance.Drawings);
        row.Render(p => p.Add(r => r.Agent, Given.Agent(presence: Presence.Offline)));
        row.Render(p => p.Add(r => r.Open, [Given.Command()]));
        Assert.Equal(3, row.Instance.Drawings);
        Assert.True(row.Test("isolate-button").IsOff());
    }

    [Fact]
    public void A_hostile_row_is_inert() => AssertInert(Render<FleetRow>(p => p.Add(r => r.Agent, Given.Agent() with
    {
        Os = Given.Hostile,
        Version = Given.Hostile,
        Tags = [Given.Hostile],
        Degraded = Given.Hostile,
    }).Add(r => r.Open, []).Add(r => r.Rights, Admin)));

    [Fact]
    public void A_table_of_commands_has_a_caption_scopes_and_a_marked_row()
    {
        var shown = Render<CommandTable>(p => p.Add(t => t.Caption, "Ended").Add(t => t.Rows, [Given.Command(8, status: CommandStatus.Executed), Given.Command(7)]).Add(t => t.Rights, Admin).Add(t => t.Selected, 7));
        Assert.Equal("Ended", shown.Find("caption").Said());
        Assert.All(shown.FindAll("thead th"), th => Assert.Equal("col", th.GetAttribute("scope")));
        Assert.Equal("true", shown.Test("command-row-7").GetAttribute("aria-current"));
        Assert.Equal("commands/8", shown.Test("command-row-8").QuerySelector("th a")!.GetAttribute("href"));
        Assert.Equal("1.0 s", shown.Test("command-row-8").QuerySelector("[data-label=Took]")!.Said());
        Assert.Null(shown.Test("command-row-8").QuerySelector("[data-testid=cancel-button]"));
    }

    [Fact]
    public void A_requested_cancel_shows_in_the_list_and_cannot_be_asked_again()
    {
        var shown = Render<CommandTable>(p => p.Add(t => t.Rows, [Given.HandedOver(Given.Command()) with { CancelRequestedAt = Given.Noon }]).Add(t => t.Rights, Admin));
        Assert.Contains("cancel requested", shown.Test("command-row-7").Said(), StringComparison.Ordinal);
        Assert.True(shown.Test("cancel-button").IsOff());
    }

    [Fact]
    public void A_table_of_hostile_commands_is_inert() => AssertInert(Render<CommandTable>(p => p.Add(t => t.Rights, Admin).Add(t => t.Rows,
        [Given.Command() with { Host = Given.Hostile[..250], Command = Given.Hostile, Reason = Given.Hostile, CreatedBy = Given.Hostile }])));

    [Fact]
    public void Typing_is_not_taken_away_by_the_late_echo_of_the_first_letters()
    {
        List<FleetQuery> asked = [];
        var shown = Render<FleetFilters>(p => p.Add(f => f.Query, new FleetQuery()).Add(f => f.Systems, ["linux"]).Add(f => f.OnTyped, asked.Add));
        shown.Test("search-input").Input("w");
        shown.Render(p => p.Add(f => f.Query, new FleetQuery()));
        Assert.Equal("w", shown.Test("search-input").GetAttribute("value"));
        shown.Test("search-input").Input("we");
        shown.Render(p => p.Add(f => f.Query, asked[0]));
        Assert.Equal("we", shown.Test("search-input").GetAttribute("value"));
        shown.Render(p => p.Add(f => f.Query, asked[1]));
        shown.Render(p => p.Add(f => f.Query, new FleetQuery { Search = "from a link" }));
        Assert.Equal("from a link", shown.Test("search-input").GetAttribute("value"));
    }

    [Fact]
    public void Filters_of_the_fleet_keep_each_other()
    {
        List<FleetQuery> asked = [];
        var start = new FleetQuery { Search = "web", Presence = Presence.Live, Sort = FleetSort.Os, Page = 3 };
        var shown = Render<FleetFilters>(p => p.Add(f => f.Query, start).Add(f => f.Systems, ["linux"]).Add(f => f.OnChange, asked.Add));
        shown.Test("containment-filter").Change("drift");
        shown.Test("os-filter").Change("linux");
        shown.Test("presence-filter").Change("");
        shown.Test("clear-filters").Click();
        Assert.Equal([start with { DriftOnly = true, Page = 1 }, start with { Os = "linux", Page = 1 }, start with { Presence = null, Page = 1 }, new FleetQuery { Sort = FleetSort.Os }], asked);
    }

    [Fact]
    public void Filters_of_commands_keep_each_other()
    {
        List<CommandQuery> asked = [];
        var start = new CommandQuery { History = true, Host = "web" };
        var shown = Render<CommandFilters>(p => p.Add(f => f.Query, start).Add(f => f.OnChange, asked.Add));
        shown.Test("status-filter").Change("failed");
        shown.Test("command-filter").Change("kill_process");
        shown.Test("created-by-filter").Change(" ana ");
        shown.Test("size-filter").Change("100");
        shown.Test("clear-filters").Click();
        Assert.Equal([start with { Status = CommandStatus.Failed }, start with { Command = "kill_process" }, start with { CreatedBy = "ana" }, start with { Size = 100 }, new CommandQuery { History = true }], asked);
    }
}
