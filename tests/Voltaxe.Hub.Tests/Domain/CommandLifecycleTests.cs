using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Domain;

namespace Voltaxe.Hub.Tests.Lifecycle;

/// <summary>The table of legal moves against the protocol's, written out by hand.</summary>
public sealed class CommandLifecycleTests
{
    /// <summary>cause: from → to …</summary>
    private const string Protocol = """
        approved:    awaiting_approval -> pending
        denied:      awaiting_approval -> denied
        withdrawn:   awaiting_approval -> cancelled
        withdrawn:   pending           -> cancelled
        time_passed: awaiting_approval -> expired
        time_passed: pending           -> expired
        overtaken:   awaiting_approval -> superseded
        overtaken:   pending           -> superseded
        handed_out:  pending           -> delivered
        handed_out:  delivered         -> delivered
        reported:    delivered         -> executed failed rejected cancelled expired superseded unknown
        silence:     delivered         -> unknown
        agent_lost:  delivered         -> unknown
        corrected:   unknown           -> executed failed rejected cancelled expired superseded unknown
        corrected:   awaiting_approval -> executed failed rejected cancelled expired superseded unknown
        corrected:   pending           -> executed failed rejected cancelled expired superseded unknown
        corrected:   cancelled         -> executed failed rejected cancelled expired superseded unknown
        corrected:   expired           -> executed failed rejected cancelled expired superseded unknown
        corrected:   superseded        -> executed failed rejected cancelled expired superseded unknown
        corrected:   denied            -> executed failed rejected cancelled expired superseded unknown
        """;

    private static readonly CommandStatus[] States = Enum.GetValues<CommandStatus>();

    private static HashSet<LegalMove> HandWritten()
    {
        var moves = new HashSet<LegalMove>();
        foreach (var line in Protocol.Split('\n'))
        {
            var words = line.Replace("->", "", StringComparison.Ordinal).Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            foreach (var to in words[2..])
                Assert.True(moves.Add(new(Read<CommandStatus>(words[1]), Read<CommandStatus>(to), Read<Cause>(words[0].TrimEnd(':')))), line);
        }
        return moves;

        static T Read<T>(string word) where T : struct, Enum => Words.TryParse<T>(word, out var value) ? value : throw new FormatException(word);
    }

    [Fact]
    public void There_are_eleven_states() => Assert.Equal(11, States.Length);

    [Fact]
    public void Every_pair_of_states_is_allowed_or_refused_for_every_cause_as_the_protocol_says()
    {
        var table = HandWritten();
        var compared = 0;
        foreach (var from in States)
            foreach (var to in States)
                foreach (var cause in Enum.GetValues<Cause>())
                {
                    Assert.True(table.Contains(new(from, to, cause)) == CommandLifecycle.Allows(from, to, cause), $"{from} → {to} by {cause}");
                    compared++;
                }
        Assert.Equal(11 * 11 * 10, compared);
        Assert.Equal(table.Count, CommandLifecycle.Moves.Count);
    }

    [Fact]
    public void The_sources_that_SQL_is_given_are_those_of_the_table()
    {
        var table = HandWritten();
        foreach (var to in States)
            foreach (var cause in Enum.GetValues<Cause>())
                Assert.Equal(table.Where(m => m.To == to && m.Cause == cause).Select(m => m.From).Order(), CommandLifecycle.SourcesOf(to, cause));
    }

    [Fact]
    public void Exactly_eight_states_are_terminal() => Assert.Equal(
        [CommandStatus.Executed, CommandStatus.Failed, CommandStatus.Rejected, CommandStatus.Cancelled, CommandStatus.Expired, CommandStatus.Superseded, CommandStatus.Denied, CommandStatus.Unknown],
        States.Where(CommandLifecycle.IsTerminal));

    [Fact]
    public void A_terminal_state_changes_by_a_correction_alone() =>
        Assert.All(CommandLifecycle.Moves.Where(m => CommandLifecycle.IsTerminal(m.From)), m => Assert.Equal(Cause.Corrected, m.Cause));

    [Fact]
    public void Nothing_leads_back_to_pending_but_approval() =>
        Assert.Equal([new LegalMove(CommandStatus.AwaitingApproval, CommandStatus.Pending, Cause.Approved)], CommandLifecycle.Moves.Where(m => m.To == CommandStatus.Pending));

    [Fact]
    public void What_the_agent_reports_is_the_state_of_the_same_word() =>
        Assert.All(Enum.GetValues<Outcome>(), o => Assert.Equal(Words.Of(o), Words.Of(CommandLifecycle.StatusOf(o))));

    [Fact]
    public void Every_state_can_be_reached_and_every_open_one_can_end()
    {
        var reached = new HashSet<CommandStatus> { CommandStatus.AwaitingApproval };
        while (CommandLifecycle.Moves.FirstOrDefault(m => reached.Contains(m.From) && !reached.Contains(m.To)) is { } move && move != default)
            reached.Add(move.To);
        Assert.Equal(States.ToHashSet(), reached);
        foreach (var open in States.Where(s => !CommandLifecycle.IsTerminal(s)))
            Assert.Contains(CommandLifecycle.Moves, m => m.From == open && CommandLifecycle.IsTerminal(m.To) && m.Cause is Cause.TimePassed or Cause.Silence);
    }
}
