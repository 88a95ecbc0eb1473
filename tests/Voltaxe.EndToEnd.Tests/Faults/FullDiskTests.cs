using System.Net;
using System.Text.Json.Nodes;
using Voltaxe.Contracts.Commands;
using Voltaxe.EndToEnd.Tests.Product;
using Voltaxe.Testing;
using Voltaxe.Testing.Processes;

namespace Voltaxe.EndToEnd.Tests.Faults;

/// <summary>Acceptance 22: a disk that takes nothing more, on one side and on the other.</summary>
public sealed class FullDiskTests
{
    [NeedsTheory(Needs.Strace)]
    [InlineData("ENOSPC")]
    [InlineData("EIO")]
    public async Task While_the_agents_journal_cannot_be_written_an_isolation_works_and_a_kill_waits(string error)
    {
        await using var site = await Site.StartAsync();
        var agent = await site.StartAgentAsync("web-01");
        var before = await site.Operator.QueueAsync("web-01", CommandNames.KillProcess, AgentCrashTests.ParamsOf(CommandNames.KillProcess));
        await site.Operator.UntilAsync(before.Id, Site.Patience, CommandStatus.Executed);
        Contracts.Operators.CommandView kill;
        await using (await FaultyDisk.UnderAsync(agent.Process, $"fdatasync:error={error}"))
        {
            kill = await site.Operator.QueueAsync("web-01", CommandNames.KillProcess, AgentCrashTests.ParamsOf(CommandNames.KillProcess));
            var isolate = await site.Operator.QueueAsync("web-01", CommandNames.NetworkIsolate);
            Assert.Equal(CommandStatus.Executed, (await site.Operator.UntilEndedAsync(isolate.Id, Site.Patience)).Status);
            Assert.Equal(1, agent.EffectsOf(isolate.Uid));
            await Eventually.TrueAsync(async () => (await site.Operator.AgentAsync("web-01")).Degraded is not null, Site.Patience, "the host is shown as degraded");
            Assert.Equal(CommandStatus.Delivered, (await site.Operator.CommandAsync(kill.Id)).Status);
            Assert.Equal(0, agent.EffectsOf(kill.Uid));
        }

        // The disk is back: nothing has to be ordered again.
        Assert.Equal(CommandStatus.Executed, (await site.Operator.UntilEndedAsync(kill.Id, Site.Patience)).Status);
        Assert.Equal(1, agent.EffectsOf(kill.Uid));
        await Eventually.TrueAsync(async () => (await site.Operator.AgentAsync("web-01")).Degraded is null, Site.Patience, "the host is well again");
        // What happened in between survives a crash, and is not done again.
        await agent.KillAsync();
        agent.Start();
        var after = await site.Operator.QueueAsync("web-01", CommandNames.NetworkRestore);
        await site.Operator.UntilAsync(after.Id, Site.Patience, CommandStatus.Executed);
        Assert.Equal(4, agent.Effects().Count);
    }

    [NeedsFact(Needs.Strace)]
    public async Task While_the_hubs_disk_is_full_orders_are_refused_and_nothing_is_shown_as_queued()
    {
        await using var site = await Site.StartAsync();
        await site.EnrolWireAsync("web-01");
        var body = new JsonObject { ["command"] = CommandNames.NetworkIsolate, ["hosts"] = new JsonArray("web-01"), ["reason"] = "end-to-end test" };
        await using (await FaultyDisk.UnderAsync(site.Hub.Process, "pwrite64:error=ENOSPC"))
        {
            using var refused = await site.Operator.TryQueueAsync(body.DeepClone(), "the-key");
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
            Assert.Equal("urn:voltaxe:problem:storage_unavailable", JsonNode.Parse(await refused.Content.ReadAsStringAsync())!["type"]!.GetValue<string>());
            Assert.Empty((await site.Operator.CommandsAsync()).Items);
            await Eventually.TrueAsync(async () => !await site.Hub.IsReadyAsync(), Site.Patience, "the hub says that it is not ready");
        }
        await Eventually.TrueAsync(site.Hub.IsReadyAsync, Site.Patience);
        using var taken = await site.Operator.TryQueueAsync(body, "the-key");
        Assert.Equal(HttpStatusCode.Accepted, taken.StatusCode);
        Assert.Single((await site.Operator.CommandsAsync()).Items);
    }
}
