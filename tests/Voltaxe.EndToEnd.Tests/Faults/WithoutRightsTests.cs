using Voltaxe.Contracts.Commands;
using Voltaxe.EndToEnd.Tests.Product;
using Voltaxe.Testing;
using Voltaxe.Testing.Network;
using Voltaxe.Testing.Processes;

namespace Voltaxe.EndToEnd.Tests.Faults;

/// <summary>A real agent that has not the right to isolate its host says so, refuses what it cannot do, and does the rest.</summary>
public sealed class WithoutRightsTests
{
    [NeedsFact(Needs.Root | Needs.NetNamespaces)]
    public async Task An_agent_that_cannot_isolate_says_so_and_does_the_rest()
    {
        using var segment = new NetSegment();
        var (hubHost, agentHost) = (segment.AddHost(), segment.AddHost());
        await using var site = await Site.StartAsync(hubHost);
        var agent = await site.EnrolAsync("web-01", agentHost, dryRun: false);
        agent.Start(start => start.Under("setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"));
        await site.LiveAsync("web-01");
        var can = (await site.Operator.AgentAsync("web-01")).Capabilities;
        Assert.DoesNotContain(CommandNames.NetworkIsolate, can);
        Assert.Contains(CommandNames.KillProcess, can);

        var isolate = await site.Operator.QueueAsync("web-01", CommandNames.NetworkIsolate);
        var refused = await site.Operator.UntilEndedAsync(isolate.Id, Site.Patience);
        Assert.Equal(CommandStatus.Rejected, refused.Status);
        Assert.StartsWith("this host cannot be isolated: ", refused.Result!.Message, StringComparison.Ordinal);

        await using var victim = ChildProcess.Start(new ChildStart("sleep", ["600"]));
        var kill = await site.Operator.QueueAsync("web-01", CommandNames.KillProcess, new { pid = victim.Id, name = "sleep" });
        Assert.Equal(CommandStatus.Executed, (await site.Operator.UntilEndedAsync(kill.Id, Site.Patience)).Status);
        Assert.Equal(128 + 15, await victim.ExitAsync(Site.Patience));
        Assert.True(agent.IsRunning, agent.Process.Output);
    }
}
