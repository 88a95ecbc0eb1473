using Voltaxe.Contracts.Commands;
using Voltaxe.Dashboard.Model.Lists;
using Voltaxe.Dashboard.Model.Looks;

namespace Voltaxe.Dashboard.Tests.Model;

public class CommandQueryTests
{
    public static TheoryData<CommandQuery> Queries =>
    [
        new CommandQuery(),
        new CommandQuery { History = true, Host = "web-01", CreatedBy = "ana", Size = 25 },
        new CommandQuery { Status = CommandStatus.Delivered, Command = CommandNames.KillProcess },
        new CommandQuery { History = true, Status = CommandStatus.Unknown, After = "b3BhcXVl" },
    ];

    [Theory]
    [MemberData(nameof(Queries))]
    public void A_query_survives_the_address(CommandQuery query)
    {
        var p = query.ToParameters();
        string? Of(string name) => (string?)p[name];
        Assert.Equal(query, CommandQuery.Of(Of("tab"), Of("host"), Of("status"), Of("command"), Of("created_by"), Of("after"), Of("size")));
    }

    [Fact]
    public void Each_tab_asks_for_its_states()
    {
        Assert.Equal(StatusLook.Open, new CommandQuery().ToFilter().Status);
        Assert.Equal(StatusLook.Ended, new CommandQuery { History = true }.ToFilter().Status);
        Assert.Equal([CommandStatus.Failed], new CommandQuery { History = true, Status = CommandStatus.Failed }.ToFilter().Status);
    }

    [Fact]
    public void A_link_that_names_an_end_means_the_history() => Assert.True(CommandQuery.Of(null, null, "failed", null, null, null, null).History);

    [Fact]
    public void A_status_of_the_other_tab_is_dropped() => Assert.Null(CommandQuery.Of("pending", null, "failed", null, null, null, null).Status);

    [Fact]
    public void Words_that_nobody_knows_count_as_absent() =>
        Assert.Equal(new CommandQuery(), CommandQuery.Of("nowhere", null, "Pending", "rm -rf", null, null, "3"));
}
