using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Model.Lists;
using Voltaxe.Dashboard.Tests.Fakes;

namespace Voltaxe.Dashboard.Tests.Model;

public class FleetQueryTests
{
    public static TheoryData<FleetQuery> Queries =>
    [
        new FleetQuery(),
        new FleetQuery { Search = "web & <b> ü", Presence = Presence.Offline, Os = "linux" },
        new FleetQuery { Containment = Containment.Isolating, Sort = FleetSort.LastSeen, Descending = true },
        new FleetQuery { DriftOnly = true, Page = 7, Size = 100 },
        new FleetQuery { DryRunOnly = true },
        new FleetQuery { Presence = Presence.Never, Descending = true },
    ];

    [Theory]
    [MemberData(nameof(Queries))]
    public void A_query_survives_the_address(FleetQuery query)
    {
        var p = query.ToParameters();
        string? Of(string name) => (string?)p[name];
        Assert.Equal(query, FleetQuery.Of(Of("q"), Of("presence"), Of("containment"), Of("os"), Of("sort"), Of("page"), Of("size")));
    }

    [Fact]
    public void Defaults_leave_the_address_clean() => Assert.All(new FleetQuery().ToParameters(), p => Assert.Null(p.Value));

    [Fact]
    public void Words_that_nobody_knows_count_as_absent() =>
        Assert.Equal(new FleetQuery(), FleetQuery.Of(null, "LIVE; drop", "free", null, "-nothing", "-3", "7000") with { Descending = false });

    [Fact]
    public void The_same_column_turns_round_and_a_new_one_starts_ascending()
    {
        var once = new FleetQuery { Page = 4 }.SortedBy(FleetSort.Os);
        Assert.Equal((FleetSort.Os, false, 1), (once.Sort, once.Descending, once.Page));
        Assert.True(once.SortedBy(FleetSort.Os).Descending);
        Assert.False(once.SortedBy(FleetSort.Os).SortedBy(FleetSort.Host).Descending);
    }

    [Fact]
    public void The_table_filters_sorts_and_pages()
    {
        var agents = Enumerable.Range(1, 120).Select(i => Given.Agent($"h-{i:000}", i % 2 == 0 ? Presence.Live : Presence.Offline)).ToArray();
        var table = FleetTable.Of(agents, new FleetQuery { Presence = Presence.Live, Descending = true, Page = 2, Size = 50 });
        Assert.Equal((60, 2, 2), (table.Paging.Total, table.Paging.Pages, table.Paging.Page));
        Assert.Equal("h-020", table.Rows[0].Host);
        Assert.Equal(10, table.Rows.Count);
        Assert.Equal((120, 60), (table.Counts.All, table.Counts.Live));
    }

    [Theory]
    [InlineData("WEB-01", true)]
    [InlineData("pci", true)]
    [InlineData("0.1", true)]
    [InlineData("nothing", false)]
    public void The_search_looks_at_name_id_system_version_and_tags(string search, bool found) =>
        Assert.Equal(found ? 1 : 0, FleetTable.Of([Given.Agent() with { Tags = ["pci"] }], new FleetQuery { Search = search }).Rows.Count);

    [Fact]
    public void A_dry_run_counts_as_no_isolation_and_has_its_own_filter()
    {
        AgentView[] agents = [Given.Agent("real", containment: Containment.Isolated), Given.Agent("dry", containment: Containment.Isolated) with { Capabilities = ["dry_run"] }];
        string[] Rows(FleetQuery query) => [.. FleetTable.Of(agents, query).Rows.Select(r => r.Host)];
        Assert.Equal(1, FleetTable.Of(agents, new FleetQuery()).Counts.Isolated);
        Assert.Equal(["real"], Rows(new FleetQuery { Containment = Containment.Isolated }));
        Assert.Equal(["dry"], Rows(new FleetQuery { DryRunOnly = true }));
    }

    [Fact]
    public void A_page_past_the_end_is_the_last_one()
    {
        Assert.Equal(3, Paging.Of(99, 50, 101).Page);
        Assert.Equal("101–101 of 101", Paging.Of(99, 50, 101).Words);
        Assert.Equal("0 of 0", Paging.Of(1, 50, 0).Words);
    }

    [Theory]
    [InlineData(FleetSort.Presence)]
    [InlineData(FleetSort.Containment)]
    [InlineData(FleetSort.Os)]
    [InlineData(FleetSort.Version)]
    [InlineData(FleetSort.LastSeen)]
    [InlineData(FleetSort.InFlight)]
    public void Every_column_sorts_and_hosts_with_the_same_value_keep_the_order_of_their_names(FleetSort sort)
    {
        AgentView[] agents = [Given.Agent("b"), Given.Agent("a"), Given.Agent("c", Presence.Never, Containment.Unknown) with { Os = "zos", Version = "9", OpenCommands = 3 }];
        var rows = FleetTable.Of(agents, new FleetQuery { Sort = sort }).Rows.Select(r => r.Host).ToArray();
        Assert.Equal(sort == FleetSort.LastSeen ? ["c", "a", "b"] : ["a", "b", "c"], rows);
    }
}
