using System.Globalization;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.EndToEnd.Tests.Product;
using Voltaxe.Testing;
using Voltaxe.Testing.Network;
using Voltaxe.Testing.Processes;
using Xunit.Abstractions;

namespace Voltaxe.EndToEnd.Tests.Faults;

/// <summary>
/// An agent with real rules on a host of its own is SIGKILLed after each single sync of its disk that a command causes. After the restart
/// the host is as it was ordered, there is one report, nothing was done twice, and the hub was within reach all the time.
/// </summary>
public sealed class EveryStepTests(ITestOutputHelper output)
{
    private const int MostSteps = 40;

    [NeedsFact(Needs.Root | Needs.NetNamespaces | Needs.Nft | Needs.Strace)]
    public async Task Killed_at_any_step_an_isolation_ends_with_the_host_isolated_and_the_hub_in_reach() =>
        await IsolatedAtEveryStepAsync(null);

    [NeedsFact(Needs.Root | Needs.NetNamespaces | Needs.Nft | Needs.Strace)]
    public async Task Killed_at_any_step_a_timed_isolation_keeps_its_end() =>
        await IsolatedAtEveryStepAsync(new { duration_seconds = 3600 });

    [NeedsFact(Needs.Root | Needs.NetNamespaces | Needs.Nft | Needs.Strace)]
    public async Task Killed_at_any_step_a_kill_ends_its_process_once()
    {
        using var segment = new NetSegment();
        var (hubHost, agentHost) = (segment.AddHost(), segment.AddHost());
        await using var site = await Site.StartAsync(hubHost);
        var agent = await site.EnrolAsync("web-01", agentHost, dryRun: false);
        using var folder = new TempFolder("deaths");
        var steps = 0;
        while (true)
        {
            steps++;
            var log = folder.File(string.Create(CultureInfo.InvariantCulture, $"{steps}"));
            await using var victim = ChildProcess.Start(new ChildStart("sh", ["-c", $"trap 'echo died >>{Shell.Quote(log)}; exit 7' TERM; echo ready; while :; do sleep 0.1; done"]));
            await victim.WaitForLineAsync(new("ready"));
            var order = await site.Operator.QueueAsync("web-01", CommandNames.KillProcess, new { pid = victim.Id, name = "sh" });
            var killed = await KilledAsync(agent, order.Uid, steps);
            agent.Start();
            var end = await site.Operator.UntilEndedAsync(order.Id, Site.Patience);
            Assert.True(end.Status == CommandStatus.Executed, $"step {steps}: {end.Status}: {end.Result}");
            Assert.Equal(7, await victim.ExitAsync(Site.Patience));
            Assert.Equal("died\n", await File.ReadAllTextAsync(log));
            await agent.StopAsync();
            if (!killed)
                break;
        }
        // SEEN, RECEIVED, STARTED, FINISHED and the hub's word at least.
        Assert.InRange(steps, 5, MostSteps);
    }

    [NeedsFact(Needs.Strace)]
    public async Task Killed_at_any_step_a_collection_arrives_whole_and_once()
    {
        await using var site = await Site.StartAsync();
        var agent = await site.EnrolAsync("web-01");
        var steps = 0;
        while (true)
        {
            steps++;
            Assert.InRange(steps, 1, MostSteps);
            var order = await site.Operator.QueueAsync("web-01", CommandNames.CollectForensics, new { collect = new[] { "modules", "mounts" } });
            var killed = await KilledAsync(agent, order.Uid, steps);
            output.WriteLine($"step {steps}: {AgentJournal.Reached(agent, order.Uid)}; {string.Join(", ", agent.Evidence().Select(Path.GetExtension))}");
            agent.Start();
            var end = await site.Operator.UntilEndedAsync(order.Id, Site.Patience);
            Assert.True(end.Status == CommandStatus.Executed, $"step {steps}: {end.Status}: {end.Result}");

            // What was begun before the crash, and is not what was reported, is either gone or marked as replaced.
            var evidence = Assert.Single(await site.Operator.EvidenceOfAsync(order), e => e.ReplacedAt is null);
            Assert.True(evidence.Complete, $"step {steps}: {evidence}");
            var said = end.Result!.Data!.Value.GetProperty("evidence");
            Assert.Equal((evidence.Id, evidence.Size, evidence.Sha256), (said.GetProperty("evidence_id").GetString(), said.GetProperty("size").GetInt64(), said.GetProperty("sha256").GetString()));
            var copy = await EvidenceCopy.DownloadAsync(site.Operator.Http, evidence.Id);
            Assert.Equal((evidence.Size, evidence.Sha256), (copy.Size, copy.Sha256));
            Assert.Equal(order.Uid, copy.Manifest.GetProperty("command_uid").GetGuid());
            Assert.All(copy.Items, item => Assert.Equal("complete", item.GetProperty("status").GetString()));

            Assert.Equal(1, AgentJournal.Ends(agent, order.Uid));
            await Eventually.TrueAsync(() => agent.Evidence().Count == 0, Site.Patience, $"step {steps}: nothing of it is left on the host");
            await agent.StopAsync();
            if (!killed)
                break;
        }
        // SEEN, RECEIVED, STARTED, the archive, its folder, its seal and the seal's folder, FINISHED and the hub's word at least.
        Assert.InRange(steps, 9, MostSteps);
        Assert.Equal(steps, (await site.Operator.EvidenceAsync("?limit=200")).Items.Count(e => e.ReplacedAt is null));
    }

    private static async Task IsolatedAtEveryStepAsync(object? parameters)
    {
        using var segment = new NetSegment();
        var (hubHost, agentHost, elsewhere) = (segment.AddHost(), segment.AddHost(), segment.AddHost());
        await using var canary = new Canary(elsewhere);
        await using var site = await Site.StartAsync(hubHost);
        var agent = await site.EnrolAsync("web-01", agentHost, dryRun: false);
        var steps = 0;
        while (true)
        {
            steps++;
            Assert.InRange(steps, 1, MostSteps);
            var order = await site.Operator.QueueAsync("web-01", CommandNames.NetworkIsolate, parameters);
            var killed = await KilledAsync(agent, order.Uid, steps);
            // Dead in the middle of it: whatever stands, the way to the hub is open.
            Assert.True(await agentHost.CanReachAsync(hubHost.V4, site.Hub.Url.Port, Eventually.Patience), $"step {steps}: the hub is out of reach");
            agent.Start();
            var end = await site.Operator.UntilEndedAsync(order.Id, Site.Patience);
            Assert.True(end is { Status: CommandStatus.Executed, VerifiedAt: not null }, $"step {steps}: {end.Status}, verified {end.VerifiedAt}: {end.Result?.Message} {end.Result?.Data}");
            Assert.False(await canary.AnswersAsync(agentHost), $"step {steps}: the host is not cut off");
            Assert.Equal(1, Tables(agentHost));
            await Eventually.TrueAsync(async () => (await site.Operator.AgentAsync("web-01")).Containment == Containment.Isolated, Site.Patience);
            if (parameters is not null)
                Assert.True(AgentJournal.Deadline(agent) is not null, $"step {steps}: its end was forgotten");

            var back = await site.Operator.QueueAsync("web-01", CommandNames.NetworkRestore);
            await site.Operator.UntilAsync(back.Id, Site.Patience, CommandStatus.Executed);
            Assert.True(await canary.AnswersAsync(agentHost, Eventually.Patience), $"step {steps}: restored, and still cut off");
            Assert.Equal(0, Tables(agentHost));
            await agent.StopAsync();
            if (!killed)
                break;
        }
        // SEEN, RECEIVED, STARTED, the wanted rules, FINISHED and the hub's word at least.
        Assert.InRange(steps, 6, MostSteps);
    }

    private static async Task<bool> KilledAsync(AgentProcess agent, Guid uid, int step)
    {
        agent.StartInSteps();
        return await agent.KillAtStepAsync(step, () => AgentJournal.Reached(agent, uid) is not null, () => AgentJournal.Reached(agent, uid) == Cut.Told, $"step {step} of {uid}");
    }

    private static int Tables(NetNamespace host) =>
        host.Tool("nft", "list", "tables").Split('\n').Count(line => line.Contains("inet voltaxe", StringComparison.Ordinal));
}
