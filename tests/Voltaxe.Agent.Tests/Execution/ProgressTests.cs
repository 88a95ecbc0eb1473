using Voltaxe.Agent.Channels;
using Voltaxe.Agent.Execution;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Tests.Execution;

public sealed class ProgressTests : IAsyncLifetime
{
    private readonly Bench bench = new Bench().Start();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => bench.DisposeAsync().AsTask();

    private ProgressTeller Teller => field ??= new(bench.Outbox, bench.Clock, bench.Time);

    private SyncComposer Composer => new(bench.Book, bench.Outbox, () => new AgentInfo { Hostname = "web-01" }, () => null);

    private IReadOnlyList<AgentEvent> Say() => Composer.Compose("i", 0).Request.Events;

    [Fact]
    public void Progress_is_told_as_an_event_of_the_command_and_rings()
    {
        Teller.Tell(Orders.Uid(1), 40, "sockets", "collecting");
        Assert.True(bench.Outbox.Rung);
        var said = Assert.Single(Say());
        Assert.Equal(("progress", Orders.Uid(1), """{"percent":40,"item":"sockets","stage":"collecting"}"""), (said.Kind, said.Uid, said.Data!.Value.GetRawText()));
    }

    [Fact]
    public void Between_two_of_them_lie_two_seconds_and_only_the_newest_is_told()
    {
        Teller.Tell(Orders.Uid(1), 10, "a", "collecting");
        bench.Time.Advance(ProgressTeller.Rest - TimeSpan.FromMilliseconds(1));
        Teller.Tell(Orders.Uid(1), 20, "b", "collecting");
        Assert.Contains("\"a\"", Assert.Single(Say()).Data!.Value.GetRawText(), StringComparison.Ordinal);
        bench.Time.Advance(TimeSpan.FromMilliseconds(1));
        Teller.Tell(Orders.Uid(1), 30, "c", "collecting");
        Assert.Contains("\"c\"", Assert.Single(Say()).Data!.Value.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_new_stage_and_another_command_are_told_at_once()
    {
        Teller.Tell(Orders.Uid(1), 90, "logs", "collecting");
        Teller.Tell(Orders.Uid(1), 0, "a.tar.gz", "uploading");
        Assert.Contains("uploading", Assert.Single(Say()).Data!.Value.GetRawText(), StringComparison.Ordinal);
        Teller.Forget(Orders.Uid(1));
        Teller.Tell(Orders.Uid(2), 0, "b.tar.gz", "uploading");
        Teller.Tell(Orders.Uid(2), 50, "b.tar.gz", "uploading");
        var said = Assert.Single(Say());
        Assert.Equal((Orders.Uid(2), """{"percent":0,"item":"b.tar.gz","stage":"uploading"}"""), (said.Uid, said.Data!.Value.GetRawText()));
    }

    [Fact]
    public async Task What_the_hub_has_heard_or_what_has_ended_is_not_told_again_and_nothing_is_journalled()
    {
        var position = bench.Book.Position;
        Teller.Tell(Orders.Uid(1), 10, "a", "collecting");
        var request = Composer.Compose("i", 0).Request;
        bench.Time.Advance(ProgressTeller.Rest);
        Teller.Tell(Orders.Uid(1), 20, "b", "collecting");
        // Answered after a newer one was told: that one is still to be said.
        bench.Outbox.WasTold(request);
        var newer = Composer.Compose("i", 0).Request;
        Assert.Single(newer.Events);
        bench.Outbox.WasTold(newer);
        Assert.Empty(Say());
        bench.Time.Advance(ProgressTeller.Rest);
        Teller.Tell(Orders.Uid(1), 30, "c", "collecting");
        Teller.Forget(Orders.Uid(1));
        Assert.Empty(Say());
        await bench.SayAsync(new SyncReply { HubTime = bench.Time.GetUtcNow(), Recorded = [newer.Events[0].EventId] });
        Assert.Equal(position, bench.Book.Position);
    }
}
