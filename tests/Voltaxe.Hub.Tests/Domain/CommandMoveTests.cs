using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Domain;

namespace Voltaxe.Hub.Tests.Lifecycle;

/// <summary>Each method of a command from each state: exactly the allowed move, or an exception and nothing changed.</summary>
public sealed class CommandMoveTests
{
    private static readonly DateTimeOffset Later = Sample.Noon.AddMinutes(1);

    /// <summary>Where a method leads from each state; what is not named must throw.</summary>
    private static readonly (string Method, Action<Command> Do, string From)[] Methods =
    [
        ("HandOut", c => c.HandOut(Sample.Reply, Later), "pending:delivered delivered:delivered"),
        ("Withdraw", c => c.Withdraw("bo", Later), "awaiting_approval:cancelled pending:cancelled delivered:delivered"),
        ("LetExpire", c => c.LetExpire(Later), "awaiting_approval:expired pending:expired delivered:delivered"),
        ("Overtake", c => c.Overtake(7, Later), "awaiting_approval:superseded pending:superseded delivered:delivered"),
        ("GiveUp no_report", c => c.GiveUp(UnknownWhy.NoReport, Later), "delivered:unknown"),
        ("GiveUp journal_lost", c => c.GiveUp(UnknownWhy.JournalLost, Later), "delivered:unknown"),
        ("GiveUp agent_retired", c => c.GiveUp(UnknownWhy.AgentRetired, Later), "delivered:unknown"),
        ("Approve", c => c.Approve("bo", "seal", Later), "awaiting_approval:pending"),
        ("Deny", c => c.Deny(Later), "awaiting_approval:denied"),
        .. Enum.GetValues<Outcome>().Select(o => ($"Report {o}", (Action<Command>)(c => c.Report(Sample.Result(c.Id, o), "{}", Later)),
            string.Join(' ', "awaiting_approval pending delivered cancelled expired superseded denied unknown".Split(' ').Select(s => $"{s}:{Words.Of(o)}")))),
    ];

    public static TheoryData<string, CommandStatus> Cases()
    {
        var cases = new TheoryData<string, CommandStatus>();
        foreach (var (method, _, _) in Methods)
            foreach (var state in Enum.GetValues<CommandStatus>())
                cases.Add(method, state);
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_method_makes_exactly_the_allowed_move_or_throws_and_changes_nothing(string method, CommandStatus from)
    {
        var (_, act, allowed) = Methods.Single(m => m.Method == method);
        var to = allowed.Split(' ').Select(pair => pair.Split(':')).SingleOrDefault(pair => pair[0] == Words.Of(from))?[1];
        var command = Sample.In(from);
        var before = command.Look();
        if (to is null)
        {
            Assert.Throws<InvalidOperationException>(() => act(command));
            Assert.Equal(before, command.Look());
            return;
        }
        act(command);
        Assert.Equal(to, Words.Of(command.Status));
        Assert.Equal(command.IsTerminal, command.FinishedAt is not null);
        if (command.IsTerminal)
            Assert.Equal(Later, command.FinishedAt);
    }

    [Theory]
    [InlineData(Outcome.Executed), InlineData(Outcome.Failed), InlineData(Outcome.Rejected), InlineData(Outcome.Cancelled)]
    [InlineData(Outcome.Expired), InlineData(Outcome.Superseded), InlineData(Outcome.Unknown)]
    public void What_the_agent_itself_ended_is_changed_by_no_method(Outcome outcome)
    {
        var command = Sample.Delivered(1);
        command.Report(Sample.Result(1, outcome), "{}", Sample.Noon);
        var before = command.Look();
        foreach (var (method, act, _) in Methods)
        {
            Assert.True(Throws(() => act(command)), $"{method} on an agent-made {outcome}");
            Assert.Equal(before, command.Look());
        }

        static bool Throws(Action act)
        {
            try
            {
                act();
                return false;
            }
            catch (InvalidOperationException)
            {
                return true;
            }
        }
    }

    [Theory]
    [MemberData(nameof(States))]
    public void Only_a_pending_command_that_is_not_due_yet_becomes_due_once(CommandStatus state)
    {
        var command = Sample.In(state);
        var before = command.Look();
        Assert.Throws<InvalidOperationException>(() => command.BecomeDue(9, Later, "p", "k", "s"));
        Assert.Equal(before, command.Look());
    }

    public static TheoryData<CommandStatus> States() => [.. Enum.GetValues<CommandStatus>()];

    [Fact]
    public void Becoming_due_sets_the_order_the_envelope_and_the_end_of_its_life_and_moves_nothing()
    {
        var command = Sample.New(1);
        Assert.False(command.IsDue);
        Assert.Null(command.ExpiresAt);
        command.BecomeDue(9, Later, "p", "k", "s");
        Assert.Equal((CommandStatus.Pending, 9L, Later, "p", "k", "s"), (command.Status, command.Seq, command.ExpiresAt, command.Payload, command.KeyId, command.Signature));
    }

    [Fact]
    public void A_command_that_is_not_due_has_no_envelope_and_cannot_be_handed_out()
    {
        var command = Sample.New(1);
        var before = command.Look();
        Assert.Throws<InvalidOperationException>(() => command.HandOut(Sample.Reply, Later));
        Assert.Equal(before, command.Look());
    }

    [Theory]
    [MemberData(nameof(States))]
    public void Hearing_of_a_command_moves_no_state_and_stamps_only_a_delivered_one(CommandStatus state)
    {
        var command = Sample.In(state);
        var before = command.Look();
        command.Heard(Later, started: true);
        Assert.Equal(state, command.Status);
        if (state == CommandStatus.Delivered)
            Assert.Equal((Later, Later, 0), (command.ReceivedAt, command.StartedAt, command.Unheard));
        else
            Assert.Equal(before, command.Look());
    }
}
