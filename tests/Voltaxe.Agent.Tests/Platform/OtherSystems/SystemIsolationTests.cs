using System.Net;
using System.Net.Sockets;
using Voltaxe.Agent.Platform;
using Voltaxe.Agent.Platform.MacOS;
using Voltaxe.Agent.Platform.Rules;
using Voltaxe.Agent.Platform.Windows;
using Voltaxe.Agent.Tests.Execution;
using Voltaxe.Agent.Tests.Isolation;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Wire;
using Voltaxe.Testing;

namespace Voltaxe.Agent.Tests.Platform.OtherSystems;

/// <summary>What holds for an isolation on every system, tried on pretended ones: what they were like before is what they are like after.</summary>
public abstract class SystemIsolationTests : IDisposable
{
    private static readonly IsolateParams Plain = new(null, []), WithNetwork = new(null, ["10.1.0.0/16", "2001:db8:1::/48"]);

    private readonly TempFolder folder = new("system");
    private readonly string before;

    private protected SystemIsolationTests(FakeSystem system) => (System, before) = (system, system.Snapshot());

    public void Dispose()
    {
        folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected FakeSystem System { get; }

    private protected string Note => folder.File("note");

    private protected abstract IFirewall Firewall { get; }

    /// <summary>As after a start of the agent: only the disk and the system know anything.</summary>
    private protected RulesIsolation Agent => new(Firewall, new Rig.Whereabouts { Hub = IPEndPoint.Parse("192.0.2.7:8080") }, new IsolationStore(folder.File("isolation.json")),
        new IsolationTies("boot-1", () => Orders.Noon, () => false, NewSocket, TimeProvider.System));

    /// <summary>What the agent tries to break out with.</summary>
    private protected Func<AddressFamily, Socket> NewSocket { get; set; } = IsolationTies.HostSocket;

    private protected static readonly IsolateParams ButIPv6 = new(null, ["::/0"]);

    /// <summary>A socket that is bound to the loopback gets nowhere else, and sends nothing.</summary>
    private protected static Socket Unconnectable(AddressFamily family)
    {
        var socket = IsolationTies.HostSocket(family);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }

    private async Task<RulesState> RulesAsync() => (await Agent.ObserveAsync(default)).Rules;

    private async Task<int> ChangesOfAsync(Func<Task> act)
    {
        System.Arm();
        await act();
        return System.Ran.Count;
    }

    [Fact]
    public async Task Isolated_and_restored_the_system_is_what_it_was()
    {
        Assert.Equal(RulesState.None, await RulesAsync());
        Assert.True((await Agent.IsolateAsync(Orders.Uid(1), Plain, false, default)).Changed);
        Assert.Equal((true, RulesState.Intact), await Agent.ObserveAsync(default) is { } seen ? (seen.Isolated, seen.Rules) : default);
        Assert.False((await Agent.IsolateAsync(Orders.Uid(2), Plain, false, default)).Changed);
        Assert.True((await Agent.RestoreAsync(Orders.Uid(3), false, default)).Changed);
        Assert.Equal((before, RulesState.None), (System.Snapshot(), await RulesAsync()));
        Assert.Equal([], Directory.GetFiles(folder.Root));
    }

    [Fact]
    public async Task Restoring_what_is_not_isolated_runs_nothing()
    {
        Assert.False((await Agent.RestoreAsync(Orders.Uid(1), false, default)).Changed);
        Assert.Empty(System.Ran);
        Assert.Equal(before, System.Snapshot());
    }

    [Fact]
    public async Task Whatever_step_fails_the_system_is_what_it_was()
    {
        for (var step = 1; step <= await LoadingStepsAsync(); step++)
        {
            System.Arm(failsAt: step);
            Assert.Equal("rules_refused", (await Assert.ThrowsAsync<PlatformException>(() => Agent.IsolateAsync(Orders.Uid(1), Plain, false, default))).Error);
            Assert.Equal((step, before, RulesState.None), (step, System.Snapshot(), await RulesAsync()));
        }
    }

    [Fact]
    public async Task Whatever_step_of_a_newer_isolation_fails_the_older_one_stands()
    {
        await Agent.IsolateAsync(Orders.Uid(1), Plain, false, default);
        var steps = await StepsOfReplacingAsync();
        var stood = System.Snapshot();
        for (var step = 1; step <= steps; step++)
        {
            System.Arm(failsAt: step);
            await Assert.ThrowsAsync<PlatformException>(() => Agent.IsolateAsync(Orders.Uid(2), WithNetwork, false, default));
            Assert.Equal((step, stood, RulesState.Intact), (step, System.Snapshot(), await RulesAsync()));
            Assert.Equal(Orders.Uid(1), await Agent.InForceAsync(default));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Whenever_the_agent_dies_while_isolating_it_goes_on_and_restores_what_was(bool afterTheStep)
    {
        for (var step = 1; step <= await LoadingStepsAsync(); step++)
        {
            System.Arm(diesAt: step, diesAfter: afterTheStep);
            await Assert.ThrowsAsync<FakeSystem.Died>(() => Agent.IsolateAsync(Orders.Uid(1), Plain, false, default));
            System.Arm();
            Assert.True((await Agent.IsolateAsync(Orders.Uid(1), Plain, true, default)).Changed);
            Assert.Equal((step, RulesState.Intact), (step, await RulesAsync()));
            await Agent.RestoreAsync(Orders.Uid(2), false, default);
            AssertAsBefore(step);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Whenever_the_agent_dies_while_isolating_anew_it_goes_on_and_restores_what_was(bool afterTheStep)
    {
        await Agent.IsolateAsync(Orders.Uid(1), Plain, false, default);
        var steps = await StepsOfReplacingAsync();
        for (var step = 1; step <= steps; step++)
        {
            System.Arm();
            await Agent.IsolateAsync(Orders.Uid(1), Plain, false, default);
            System.Arm(diesAt: step, diesAfter: afterTheStep);
            await Assert.ThrowsAsync<FakeSystem.Died>(() => Agent.IsolateAsync(Orders.Uid(2), WithNetwork, false, default));
            System.Arm();
            await Agent.IsolateAsync(Orders.Uid(2), WithNetwork, true, default);
            Assert.Equal((step, RulesState.Intact), (step, await RulesAsync()));
            Assert.Equal(Orders.Uid(2), await Agent.InForceAsync(default));
            await Agent.RestoreAsync(Orders.Uid(3), false, default);
            AssertAsBefore(step);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Whenever_the_agent_dies_while_restoring_it_restores_what_was(bool afterTheStep)
    {
        await Agent.IsolateAsync(Orders.Uid(1), Plain, false, default);
        var steps = await ChangesOfAsync(() => Agent.RestoreAsync(Orders.Uid(2), false, default));
        for (var step = 1; step <= steps; step++)
        {
            System.Arm();
            await Agent.IsolateAsync(Orders.Uid(1), Plain, false, default);
            System.Arm(diesAt: step, diesAfter: afterTheStep);
            await Assert.ThrowsAsync<FakeSystem.Died>(() => Agent.RestoreAsync(Orders.Uid(2), false, default));
            System.Arm();
            Assert.True((await Agent.RestoreAsync(Orders.Uid(2), true, default)).Changed);
            AssertAsBefore(step);
        }
    }

    [Fact]
    public async Task What_somebody_takes_away_is_seen_and_put_back()
    {
        await Agent.IsolateAsync(Orders.Uid(1), WithNetwork, false, default);
        System.Tamper();
        Assert.Equal((false, RulesState.Tampered), await Agent.ObserveAsync(default) is { } seen ? (seen.Isolated, seen.Rules) : default);
        Assert.Equal((Orders.Uid(1), RulesState.Tampered), await Agent.ReapplyAsync(default) is { } back ? (back.Uid, back.Found) : default);
        Assert.Equal(RulesState.Intact, await RulesAsync());
        Assert.Null(await Agent.ReapplyAsync(default));
        await Agent.RestoreAsync(Orders.Uid(2), false, default);
        AssertAsBefore(0);
    }

    [Fact]
    public async Task A_newer_isolation_that_cost_the_hub_is_taken_back_to_the_older_one()
    {
        await Agent.IsolateAsync(Orders.Uid(1), Plain, false, default);
        await Agent.IsolateAsync(Orders.Uid(2), WithNetwork, false, default);
        await Agent.RollBackAsync(Orders.Uid(2), default);
        Assert.Equal((Orders.Uid(1), RulesState.Intact), (await Agent.InForceAsync(default), await RulesAsync()));
        await Agent.RollBackAsync(Orders.Uid(1), default);
        AssertAsBefore(0);
    }

    [Theory]
    [InlineData("10.0.0.1 action=allow")]
    [InlineData("10.0.0.1\npass quick all")]
    [InlineData("10.0.0.0/8,any")]
    [InlineData("any")]
    [InlineData("{ 10.0.0.1 }")]
    [InlineData("10.0.0.1/8 to any")]
    [InlineData("fe80::1%en0\"; pass")]
    public async Task An_allow_list_that_is_more_than_addresses_runs_nothing(string entry)
    {
        Assert.False(CommandParams.IsAddressOrNetwork(entry));
        await Assert.ThrowsAnyAsync<FormatException>(() => Agent.IsolateAsync(Orders.Uid(1), new IsolateParams(null, [entry]), false, default));
        Assert.Empty(System.Ran);
        Assert.Equal(RulesState.None, await RulesAsync());
    }

    [Fact]
    public async Task A_disk_that_takes_nothing_does_not_keep_the_host_from_being_isolated_and_restored()
    {
        // Folders where the files should be: nothing can be written there, by nobody.
        foreach (var file in (string[])["isolation.json", "note", "isolation.json.next", "note.next"])
            Directory.CreateDirectory(Path.Combine(folder.File(file), "in the way"));
        var agent = Agent;
        Assert.True((await agent.IsolateAsync(Orders.Uid(1), Plain, false, default)).Details.ContainsKey("not_written_down"));
        Assert.Equal(RulesState.Intact, (await agent.ObserveAsync(default)).Rules);
        await agent.RestoreAsync(Orders.Uid(2), false, default);
        Assert.Equal(before, System.Snapshot());
    }

    /// <summary>Up to the last step without which an isolation is none; what comes after the rules may fail.</summary>
    private async Task<int> LoadingStepsAsync()
    {
        var steps = await ChangesOfAsync(() => Agent.IsolateAsync(Orders.Uid(1), Plain, false, default)) - StepsAfterLoading;
        System.Arm();
        await Agent.RestoreAsync(Orders.Uid(1), false, default);
        return steps;
    }

    private async Task<int> StepsOfReplacingAsync()
    {
        var steps = await ChangesOfAsync(() => Agent.IsolateAsync(Orders.Uid(9), WithNetwork, false, default)) - StepsAfterLoading;
        System.Arm();
        await Agent.RollBackAsync(Orders.Uid(9), default);
        return steps;
    }

    private protected abstract int StepsAfterLoading { get; }

    private protected virtual void AssertAsBefore(int step) => Assert.Equal((step, before), (step, System.Snapshot()));
}
