using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Json;
using Voltaxe.Hub.Domain;
using Voltaxe.Testing;

namespace Voltaxe.Hub.Tests.Lifecycle;

public sealed class LifecycleDiagramTests
{
    [Fact]
    public void The_diagram_in_the_README_is_what_the_table_prints()
    {
        var readme = SourceTree.Read("Voltaxe.Hub/Domain/README.md").ReplaceLineEndings("\n");
        var start = readme.IndexOf("```mermaid\n", StringComparison.Ordinal) + "```mermaid\n".Length;
        var end = readme.IndexOf("```", start, StringComparison.Ordinal);
        Assert.Equal(CommandLifecycle.ToMermaid(), readme[start..end]);
    }

    [Fact]
    public void The_README_explains_every_state()
    {
        var readme = SourceTree.Read("Voltaxe.Hub/Domain/README.md");
        Assert.All(Enum.GetValues<CommandStatus>(), s => Assert.Contains($"`{Words.Of(s)}`", readme, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_legal_move_is_drawn()
    {
        var lines = CommandLifecycle.ToMermaid().Split('\n').Select(l => l.Trim()).ToHashSet();
        foreach (var move in CommandLifecycle.Moves)
        {
            if (move.Cause is Cause.Reported or Cause.Corrected)
            {
                Assert.Contains($"{Words.Of(move.From)} --> report : {Words.Of(move.Cause)}", lines);
                Assert.Contains($"report --> {Words.Of(move.To)}", lines);
            }
            else
            {
                Assert.Contains($"{Words.Of(move.From)} --> {Words.Of(move.To)} : {Words.Of(move.Cause)}", lines);
            }
        }
    }
}
