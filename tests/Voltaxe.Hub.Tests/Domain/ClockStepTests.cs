using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Domain;
using Voltaxe.Hub.Tests.Transports;
using Voltaxe.Testing;
using Voltaxe.Testing.Wire;

namespace Voltaxe.Hub.Tests.Lifecycle;

/// <summary>Hub time steps back, by an administrator's hand, a bad battery or another node's clock: the stamps of one command never do.</summary>
public sealed class ClockStepTests
{
    private static DateTimeOffset At(int minutes) => Sample.Noon.AddMinutes(minutes);

    /// <summary>The clock goes back by half an hour before one of the steps, or before every one.</summary>
    [Theory]
    [InlineData(1), InlineData(2), InlineData(3), InlineData(4), InlineData(5), InlineData(0)]
    public void From_creation_to_the_end_no_stamp_is_before_the_one_before_it(int stepBefore)
    {
        var (minute, step) = (0, 0);
        DateTimeOffset Next()
        {
            minute += 1 - (++step == stepBefore || stepBefore == 0 ? 30 : 0);
            return At(minute);
        }
        var command = Sample.New(1, needsApproval: true);
        command.Approve("ben", "seal", Next());
        command.BecomeDue(1, At(600), "payload", "key-1", "signature");
        command.HandOut(Sample.Push(), Next());
        command.Heard(Next(), started: false);
        command.Heard(Next(), started: true);
        var now = Next();
        // What the agent reckons of hub time may be from before or after the step.
        command.Report(Sample.Result(1, started: At(-90), finished: At(90), verified: true), "{}", now);
        DateTimeOffset?[] stamps = [command.CreatedAt, command.ApprovedAt, command.DeliveredAt, command.ReceivedAt, command.StartedAt, command.ExecutedAt, command.VerifiedAt, command.FinishedAt];
        Assert.DoesNotContain(null, stamps);
        Assert.Equal(stamps.Order(), stamps);
    }

    [Fact]
    public void Every_other_end_is_not_before_the_last_stamp_either()
    {
        Action<Command>[] ends = [c => c.Withdraw("ana", At(-9)), c => c.LetExpire(At(-9)), c => c.Overtake(2, At(-9)), c => c.GiveUp(UnknownWhy.NoReport, At(-9))];
        foreach (var end in ends)
        {
            var delivered = Sample.Delivered(1, at: At(5));
            end(delivered);
            Assert.True((delivered.FinishedAt ?? delivered.CancelRequestedAt) >= delivered.DeliveredAt);
            if (delivered.Status == CommandStatus.Unknown)
                continue;
            var pending = Sample.New(1);
            end(pending);
            Assert.Equal(pending.CreatedAt, pending.FinishedAt);
        }
        var unheard = Sample.Delivered(1, at: At(5));
        unheard.GiveUp(UnknownWhy.NoReport, At(30));
        unheard.Report(Sample.Result(1, started: At(6), finished: At(7)), "{}", At(-30));
        Assert.Equal(At(30), unheard.FinishedAt);
    }

    [Theory]
    [MemberData(nameof(RunningHub.Databases), MemberType = typeof(RunningHub))]
    public async Task Over_the_api_a_command_that_lives_across_two_steps_back_reads_forwards(string database)
    {
        var clock = new ManualClock(TimeProvider.System.GetUtcNow());
        await using var hub = await RunningHub.StartAsync(database, clock);
        using var desk = await Desk.OfAsync(hub);
        await using var agent = new SyncClient(await hub.EnrolAsync("web-01"));
        await agent.ConnectAsync();
        var queued = await desk.IsolateAsync("web-01");
        clock.StepWallClock(clock.GetUtcNow().AddHours(-1));
        var command = (await agent.NextAsync())!;
        clock.StepWallClock(clock.GetUtcNow().AddMinutes(-10));
        await agent.ReportAsync(command, true, "isolated");
        var ended = await desk.CommandAsync(queued.Id);
        Assert.Equal(CommandStatus.Executed, ended.Status);
        DateTimeOffset?[] stamps = [ended.CreatedAt, ended.DeliveredAt, ended.ReceivedAt, ended.StartedAt, ended.ExecutedAt, ended.FinishedAt];
        Assert.DoesNotContain(null, stamps);
        Assert.Equal(stamps.Order(), stamps);
    }
}
