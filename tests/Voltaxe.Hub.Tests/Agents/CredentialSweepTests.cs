using Microsoft.EntityFrameworkCore;
using Voltaxe.Hub.Agents;
using Voltaxe.Testing;
using Voltaxe.Testing.Wire;

namespace Voltaxe.Hub.Tests.Agents;

public sealed class CredentialSweepTests
{
    public static TheoryData<string> Databases => RunningHub.Databases;

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task What_has_ended_is_removed_and_what_has_not_stays(string database)
    {
        var clock = new ManualClock(TimeProvider.System.GetUtcNow());
        await using var hub = await RunningHub.StartAsync(database, clock);
        var agent = await WireIdentity.EnrolAsync(hub.Http, await hub.EnrolmentTokenAsync(), "web-01");
        await agent.AccessTokenAsync();
        var sentinel = await hub.LegacyAgentAsync("web-02");
        var sweep = hub.Get<CredentialSweep>();
        Assert.Equal(0, await sweep.SweepOnceAsync(CancellationToken.None));
        // No timer fires: the pass that counts is the one asked for here.
        clock.StepWallClock(clock.GetUtcNow() + TimeSpan.FromHours(25));
        Assert.Equal(4, await sweep.SweepOnceAsync(CancellationToken.None));
        Assert.Equal(sentinel.AgentId, Assert.Single(await hub.ReadAsync(db => db.AgentTokens.ToListAsync())).AgentId);
    }
}
