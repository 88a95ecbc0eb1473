using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.EndToEnd.Tests.Product;
using Voltaxe.Testing;
using Voltaxe.Testing.Wire;

namespace Voltaxe.EndToEnd.Tests;

/// <summary>One hub process for the suite: what is tested is each channel, not its start.</summary>
public sealed class ConformanceHub : IAsyncLifetime
{
    private readonly TempFolder data = new("hub");
    private int hosts;

    public HubProcess Hub { get; private set; } = null!;
    public OperatorApi Operator { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Hub = await HubProcess.StartAsync(data.Root);
        Operator = await Hub.OperatorAsync();
    }

    /// <summary>A fresh agent that speaks over this channel, not yet connected.</summary>
    public async Task<(IDeliveryClient Agent, string Host)> NewAgentAsync(string channel)
    {
        var host = $"{channel}-{Interlocked.Increment(ref hosts)}";
        if (channel == "seed")
            return (new SeedAgent(Hub.Http, host, (await Operator.NewLegacyAgentAsync(host)).Token), host);
        var agent = new WireAgent(await WireIdentity.EnrolAsync(Hub.Http, await Operator.EnrolmentTokenAsync(), host));
        return (channel == "sync" ? new SyncClient(agent) : new SocketClient(agent, SignalRSocket.ClientTo(Hub.Url)), host);
    }

    public async Task DisposeAsync()
    {
        Operator.Dispose();
        await Hub.DisposeAsync();
        data.Dispose();
    }
}

/// <summary>The same promises over SignalR, sync and the seed's routes, kept by a hub process and asked by clients that share no code with it.</summary>
public sealed class DeliveryConformanceTests(ConformanceHub fixture) : IClassFixture<ConformanceHub>
{
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(1);
    private OperatorApi Operator => fixture.Operator;

    public static TheoryData<string> Channels() => ["signalr", "sync", "seed"];

    [Theory]
    [MemberData(nameof(Channels))]
    public async Task A_command_queued_while_the_agent_is_away_is_handed_out_once_when_it_comes(string channel)
    {
        var (agent, host) = await fixture.NewAgentAsync(channel);
        await using var _ = agent;
        var queued = await Operator.QueueAsync(host, CommandNames.NetworkIsolate);
        Assert.Equal(CommandStatus.Pending, queued.Status);

        await agent.ConnectAsync();
        var command = await agent.NextAsync();

        Assert.Equal((queued.Id, CommandNames.NetworkIsolate), (command!.Id, command.Command));
        Assert.Equal(CommandStatus.Delivered, (await Operator.CommandAsync(queued.Id)).Status);
        Assert.Equal(Reported.Recorded, await agent.ReportAsync(command, success: true, "isolated"));
        var ended = await Operator.CommandAsync(queued.Id);
        Assert.Equal((CommandStatus.Executed, 1, true, "isolated"), (ended.Status, ended.Attempt, ended.Result!.Success, ended.Result.Message));
        Assert.Null(await agent.NextAsync(Moment));
        Assert.Equal([queued.Id], agent.HandedOut);
    }

    [Theory]
    [MemberData(nameof(Channels))]
    public async Task A_command_queued_while_the_agent_is_there_arrives(string channel)
    {
        var (agent, host) = await fixture.NewAgentAsync(channel);
        await using var _ = agent;
        await agent.ConnectAsync();
        var queued = await Operator.QueueAsync(host, CommandNames.CollectForensics);
        var command = await agent.NextAsync();
        Assert.Equal(queued.Id, command!.Id);
        Assert.Equal(Reported.Recorded, await agent.ReportAsync(command, success: false, "no disk"));
        var ended = await Operator.CommandAsync(queued.Id);
        Assert.Equal((CommandStatus.Failed, false, "no disk"), (ended.Status, ended.Result!.Success, ended.Result.Message));
        Assert.Equal(channel == "signalr" ? Channel.Push : Channel.Poll, ended.Channel);
    }

    [Theory]
    [MemberData(nameof(Channels))]
    public async Task A_result_told_again_is_recorded_again_and_changes_nothing(string channel)
    {
        var (agent, host) = await fixture.NewAgentAsync(channel);
        await using var _ = agent;
        var queued = await Operator.QueueAsync(host, CommandNames.NetworkIsolate);
        await agent.ConnectAsync();
        var command = await agent.NextAsync();
        await agent.ReportAsync(command!, success: true, "isolated");
        var first = await Operator.CommandAsync(queued.Id);
        for (var repeat = 0; repeat < 3; repeat++)
            Assert.Equal(Reported.Recorded, await agent.ReportAgainAsync(command!));
        var after = await Operator.CommandAsync(queued.Id);
        Assert.Equal((first.FinishedAt, first.Status, first.Result!.Message), (after.FinishedAt, after.Status, after.Result!.Message));
    }

    [Theory]
    [MemberData(nameof(Channels))]
    public async Task The_later_network_intent_is_handed_out_and_the_earlier_is_superseded_whatever_their_priorities(string channel)
    {
        var (agent, host) = await fixture.NewAgentAsync(channel);
        await using var _ = agent;
        var restore = await Operator.QueueAsync(host, CommandNames.NetworkRestore, priority: 10);
        var isolate = await Operator.QueueAsync(host, CommandNames.NetworkIsolate, priority: 0);
        await agent.ConnectAsync();
        Assert.Equal(isolate.Id, (await agent.NextAsync())!.Id);
        Assert.Null(await agent.NextAsync(Moment));
        var earlier = await Operator.CommandAsync(restore.Id);
        Assert.Equal((CommandStatus.Superseded, isolate.Id), (earlier.Status, earlier.SupersededBy));
    }

    [Theory]
    [MemberData(nameof(Channels))]
    public async Task What_was_cancelled_before_hand_out_is_never_handed_out(string channel)
    {
        var (agent, host) = await fixture.NewAgentAsync(channel);
        await using var _ = agent;
        var queued = await Operator.QueueAsync(host, CommandNames.NetworkIsolate);
        Assert.Equal(CommandStatus.Cancelled, (await Operator.CancelAsync(queued.Id)).Status);
        await agent.ConnectAsync();
        Assert.Null(await agent.NextAsync(Moment));
        Assert.Empty(agent.HandedOut);
    }

    [Theory]
    [InlineData("signalr")]
    [InlineData("sync")]
    public async Task What_was_handed_out_and_lost_is_handed_out_again_and_a_second_copy_gets_the_stored_result(string channel)
    {
        var (agent, host) = await fixture.NewAgentAsync(channel);
        await using var _ = agent;
        var journal = agent is SyncClient sync ? sync.Agent : ((SocketClient)agent).Agent;
        await agent.ConnectAsync();
        var queued = await Operator.QueueAsync(host, CommandNames.NetworkIsolate);

        // The reply is lost on the way: the hub believes it handed out, the agent holds nothing.
        await using var lossy = new SyncClient(journal);
        await agent.LeaveAsync();
        var lost = await lossy.PostAsync(journal.NewSync());
        await agent.ConnectAsync();
        var command = await agent.NextAsync();

        Assert.Equal(queued.Id, command!.Id);
        await agent.ReportAsync(command, success: true, "first");
        if (lost["commands"]!.AsArray() is [{ } copy])
            journal.HandleEnvelopes([copy.AsObject()]);
        Assert.Null(await agent.NextAsync(Moment));
        Assert.Equal(Reported.Recorded, await agent.ReportAsync(command, success: false, "second"));
        var ended = await Operator.CommandAsync(queued.Id);
        Assert.Equal((CommandStatus.Executed, "first"), (ended.Status, ended.Result!.Message));
        Assert.True(ended.Attempt >= 2, $"attempt {ended.Attempt}");
    }
}
