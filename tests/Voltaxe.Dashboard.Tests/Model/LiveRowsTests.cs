using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Model.Lists;
using Voltaxe.Dashboard.Tests.Fakes;

namespace Voltaxe.Dashboard.Tests.Model;

public class LiveRowsTests
{
    private readonly LiveRows<AgentView> rows = new(a => a.Id);

    [Fact]
    public void The_latest_row_wins_and_a_null_row_is_gone()
    {
        rows.Reset([Given.Agent("a"), Given.Agent("b")]);
        Assert.True(rows.Apply([new("a-a", Given.Agent("a", Presence.Offline)), new("a-b", null), new("a-c", Given.Agent("c"))]));
        Assert.Equal(["a-a", "a-c"], rows.All.Select(r => r.Id).Order());
        Assert.True(rows.TryGet("a-a", out var a) && a.Presence == Presence.Offline);
    }

    [Fact]
    public void What_changes_nothing_is_not_a_change()
    {
        var row = Given.Agent("a");
        rows.Reset([row]);
        Assert.False(rows.Apply([new("a-a", row), new("a-nobody", null)]));
    }

    [Fact]
    public void A_list_left_open_stays_within_its_size()
    {
        var commands = new LiveRows<CommandView>(c => $"{c.Id}");
        for (var id = 1; id <= 1_000; id++)
        {
            commands.Apply([new($"{id}", Given.Command(id))]);
            commands.Trim(50, c => c.Id);
        }
        Assert.Equal(Enumerable.Range(951, 50).Select(i => (long)i), commands.All.Select(c => c.Id).Order());
    }
}
