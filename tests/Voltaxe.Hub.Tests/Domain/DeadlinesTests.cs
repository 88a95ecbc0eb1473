using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Domain;

namespace Voltaxe.Hub.Tests.Lifecycle;

/// <summary>What the passing of hub time does (protocol, section 2).</summary>
public sealed class DeadlinesTests
{
    private static DateTimeOffset At(double minutes) => Sample.Noon.AddMinutes(minutes);
    private static readonly double Moment = 1.0 / 600;

    /// <summary>Nothing happens a moment before, and it happens at the time itself.</summary>
    private static void HappensAt(Command command, double minutes)
    {
        var before = command.Look();
        Assert.False(Deadlines.Apply(command, Sample.Limits, At(minutes - Moment)));
        Assert.Equal(before, command.Look());
        Assert.True(Deadlines.Apply(command, Sample.Limits, At(minutes)));
    }

    [Fact]
    public void Waiting_for_approval_expires_after_a_day()
    {
        var command = Sample.New(1, needsApproval: true);
        HappensAt(command, 24 * 60);
        Assert.Equal((CommandStatus.Expired, At(24 * 60)), (command.Status, command.FinishedAt));
    }

    [Fact]
    public void A_scheduled_command_does_not_expire_before_it_is_due() =>
        Assert.False(Deadlines.Apply(Sample.New(1, notBefore: At(60 * 24 * 80)), Sample.Limits, At(60 * 24 * 79)));

    [Theory]
    [InlineData(CommandNames.NetworkIsolate, 72 * 60), InlineData(CommandNames.NetworkRestore, 72 * 60)]
    [InlineData(CommandNames.CollectForensics, 24 * 60), InlineData(CommandNames.KillProcess, 15)]
    public void What_was_never_handed_out_expires_with_its_lifetime(string name, int minutes)
    {
        var command = Sample.Due(1, name);
        HappensAt(command, minutes);
        Assert.Equal(CommandStatus.Expired, command.Status);
    }

    [Fact]
    public void What_was_handed_out_is_asked_to_end_when_its_time_passed_and_is_unknown_ten_minutes_later()
    {
        var command = Sample.Delivered(1, CommandNames.KillProcess);
        HappensAt(command, 15);
        Assert.Equal((CommandStatus.Delivered, CancelWhy.Expired, At(15)), (command.Status, command.CancelWhy, command.CancelRequestedAt));
        HappensAt(command, 25);
        Assert.Equal((CommandStatus.Unknown, UnknownWhy.NoReport, At(25)), (command.Status, command.UnknownWhy, command.FinishedAt));
        Assert.False(Deadlines.Apply(command, Sample.Limits, At(9_999)));
    }

    [Fact]
    public void A_cancelled_or_overtaken_one_is_given_up_at_the_same_time_and_not_asked_again()
    {
        var (cancelled, overtaken) = (Sample.Delivered(1, CommandNames.KillProcess), Sample.Delivered(2, CommandNames.NetworkRestore));
        cancelled.Withdraw("bo", At(1));
        overtaken.Overtake(9, At(1));
        HappensAt(cancelled, 25);
        HappensAt(overtaken, (72 * 60) + 10);
        Assert.Equal((CommandStatus.Unknown, CommandStatus.Unknown), (cancelled.Status, overtaken.Status));
    }

    [Theory]
    [InlineData(CommandNames.KillProcess, 15, 14.5, 25.5)]
    [InlineData(CommandNames.KillProcess, 15, 3, 25)]
    [InlineData(CommandNames.NetworkIsolate, 72 * 60, (72 * 60) - 1, (72 * 60) + 11)]
    [InlineData(CommandNames.CollectForensics, 24 * 60, (24 * 60) - 1, (24 * 60) + 129)]
    public void A_start_shortly_before_the_end_of_its_life_gets_its_run_limit(string name, double expires, double startedAt, double unknownAt)
    {
        var command = Sample.Delivered(1, name);
        command.Heard(At(startedAt), started: true);
        HappensAt(command, expires);
        Assert.Equal(CommandStatus.Delivered, command.Status);
        HappensAt(command, unknownAt);
        Assert.Equal(UnknownWhy.NoReport, command.UnknownWhy);
    }

    [Fact]
    public void Holding_it_does_not_postpone_the_unknown()
    {
        var command = Sample.Delivered(1, CommandNames.KillProcess);
        command.Heard(At(24.9), started: false);
        Assert.True(Deadlines.Apply(command, Sample.Limits, At(25)));
        Assert.Equal(CommandStatus.Unknown, command.Status);
    }

    [Fact]
    public void On_the_seeds_route_silence_ends_five_minutes_after_hand_out_even_when_asked_to_end()
    {
        var (silent, overtaken) = (Sample.Delivered(1, to: Sample.SeedPoll), Sample.Delivered(2, to: Sample.SeedPoll));
        overtaken.Overtake(9, At(1));
        HappensAt(silent, 5);
        HappensAt(overtaken, 5);
        Assert.Equal((UnknownWhy.NoReport, UnknownWhy.NoReport), (silent.UnknownWhy, overtaken.UnknownWhy));
    }

    [Theory]
    [InlineData(CommandStatus.Executed), InlineData(CommandStatus.Failed), InlineData(CommandStatus.Rejected), InlineData(CommandStatus.Cancelled)]
    [InlineData(CommandStatus.Expired), InlineData(CommandStatus.Superseded), InlineData(CommandStatus.Denied), InlineData(CommandStatus.Unknown)]
    public void Time_changes_nothing_that_has_ended(CommandStatus state)
    {
        var command = Sample.In(state);
        var before = command.Look();
        Assert.False(Deadlines.Apply(command, Sample.Limits, At(1e6)));
        Assert.Equal(before, command.Look());
    }

    [Fact]
    public void The_defaults_are_in_order_and_every_fault_is_told_at_once()
    {
        Assert.Empty(new DeliveryLimits().Faults());
        var broken = new DeliveryLimits { NetworkLifetime = TimeSpan.Zero, MaxPushWait = TimeSpan.FromSeconds(1), HandOutsBeforeAlone = 0, MaxCommandsPerHandOut = 0, MaxPayloadPerHandOut = 1 };
        Assert.Equal(5, broken.Faults().Count());
    }
}
