using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Model.Ordering;

namespace Voltaxe.Dashboard.Tests.Model;

public class ProcessTreeTests
{
    [Fact]
    public void Children_stand_below_their_parents_in_order_of_pid() =>
        Assert.Equal([(1, 0), (3, 1), (9, 2), (5, 1), (40, 0)], Tree([Row(40, 77), Row(5, 1), Row(9, 3), Row(3, 1), Row(1, 0)]));

    [Fact]
    public void Whoever_says_that_he_is_his_own_grandfather_is_still_shown_once() =>
        Assert.Equal([(7, 0), (2, 0), (3, 1)], Tree([Row(2, 3), Row(3, 2), Row(7, 7), Row(7, 2)]));

    [Fact]
    public void However_deep_the_tree_is_its_last_one_is_shown()
    {
        var rows = Enumerable.Range(1, 5_000).Select(pid => Row(pid, pid - 1)).ToArray();
        var tree = Tree(rows);
        Assert.Equal(5_000, tree.Length);
        Assert.Equal((5_000, ProcessTree.MaxDepth), tree[^1]);
    }

    [Theory]
    [InlineData("12", 12)]
    [InlineData("NAME-1 ", 1, 12)]
    [InlineData("carol", 12)]
    [InlineData("--listen", 1)]
    public void Found_by_pid_name_user_or_command_line(string filter, params int[] found) =>
        Assert.Equal(found, ProcessTree.Of([Row(1, 0) with { CommandLine = "x --listen" }, Row(12, 1) with { User = "carol" }], filter).Select(n => n.Process.Pid));

    private static (int, int)[] Tree(ProcessRow[] rows) => [.. ProcessTree.Of(rows, null).Select(n => (n.Process.Pid, n.Depth))];

    private static ProcessRow Row(int pid, int parent) => new(pid, parent, $"name-{pid}", "root", null, null, false);
}
