using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.EndToEnd.Tests.Product;
using Voltaxe.Testing;
using Voltaxe.Testing.Wire;

namespace Voltaxe.EndToEnd.Tests.Faults;

/// <summary>Acceptance 18: what was asked last is what the host is in the end, whatever the priorities say.</summary>
public sealed class IntentTests
{
    private static readonly string[] Both = [CommandNames.NetworkIsolate, CommandNames.NetworkRestore];
    private static readonly int[] Levels = [0, 5, 10];

    [NeedsFact(Needs.Linux)]
    public async Task A_real_agent_that_was_away_ends_as_it_was_asked_last()
    {
        await using var site = await Site.StartAsync();
        var agent = await site.EnrolAsync("web-01");
        foreach (var (first, second, third) in Sequences())
        {
            var orders = new List<CommandView>();
            foreach (var (command, priority) in new[] { (first, 10), (second, 5), (third, 0) })
                orders.Add(await site.Operator.QueueAsync("web-01", command, priority: priority));

            agent.Start();

            Assert.Equal(CommandStatus.Executed, (await site.Operator.UntilEndedAsync(orders[2].Id, Site.Patience)).Status);
            foreach (var older in orders.Take(2))
            {
                var end = await site.Operator.CommandAsync(older.Id);
                Assert.Equal(CommandStatus.Superseded, end.Status);
                Assert.Equal(0, agent.EffectsOf(older.Uid));
            }
            Assert.Equal(1, agent.EffectsOf(orders[2].Uid));
            var wanted = third == CommandNames.NetworkIsolate ? Containment.Isolated : Containment.Normal;
            await Eventually.TrueAsync(async () => await site.Operator.AgentAsync("web-01") is { Drift: false } now && now.Containment == wanted, Site.Patience, $"after {first}, {second}, {third} the host is {wanted}");
            await agent.StopAsync();
        }
    }

    [NeedsFact(Needs.Linux)]
    public async Task Every_order_under_every_priority_comes_out_as_the_last_intent()
    {
        await using var site = await Site.StartAsync();
        await Task.WhenAll(Sequences().Select((sequence, number) => EveryPriorityAsync(site, $"host-{number}", [sequence.First, sequence.Second, sequence.Third])));
    }

    private static async Task EveryPriorityAsync(Site site, string host, string[] commands)
    {
        await using var client = new SyncClient(await site.EnrolWireAsync(host));
        foreach (var priorities in from a in Levels from b in Levels from c in Levels select new[] { a, b, c })
        {
            var orders = new List<CommandView>();
            foreach (var (command, priority) in commands.Zip(priorities))
                orders.Add(await site.Operator.QueueAsync(host, command, priority: priority));
            await client.SyncAsync();
            var given = new List<long>();
            while (client.Agent.TakeNext() is { } entry)
            {
                given.Add(entry.Command.Id);
                await client.ReportAsync(entry.Command, success: true, "done");
            }
            Assert.Equal([orders[2].Id], given);
            Assert.Equal([CommandStatus.Superseded, CommandStatus.Superseded, CommandStatus.Executed], await StatesAsync(site, orders));
        }
    }

    private static async Task<CommandStatus[]> StatesAsync(Site site, IEnumerable<CommandView> orders) =>
        await Task.WhenAll(orders.Select(async o => (await site.Operator.CommandAsync(o.Id)).Status));

    private static IEnumerable<(string First, string Second, string Third)> Sequences() => from a in Both from b in Both from c in Both select (a, b, c);
}
