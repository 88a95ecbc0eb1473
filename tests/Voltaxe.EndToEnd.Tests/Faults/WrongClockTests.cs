using Voltaxe.Contracts.Commands;
using Voltaxe.EndToEnd.Tests.Product;
using Voltaxe.Testing;

namespace Voltaxe.EndToEnd.Tests.Faults;

/// <summary>Acceptance 20: the wall clock of the agent's machine is wrong, and jumps while the agent runs. The hub's clock is the one that counts.</summary>
[Collection(RealProcesses.Name)]
public sealed class WrongClockTests
{
    [NeedsFact(Needs.FakeTime)]
    public async Task An_agent_whose_clock_is_years_off_and_jumps_signs_in_and_keeps_the_hubs_time()
    {
        await using var site = await Site.StartAsync();
        var agent = await site.EnrolAsync("web-01");
        var wall = site.PathOf("wall-clock");
        var faked = new Dictionary<string, string?>
        {
            ["LD_PRELOAD"] = Machine.FakeTimeLibrary, ["FAKETIME_TIMESTAMP_FILE"] = wall, ["FAKETIME_NO_CACHE"] = "1",
            // Only the wall clock is wrong: how much time passes is not.
            ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1", ["DONT_FAKE_MONOTONIC"] = "1",
        };
        var orders = new List<Contracts.Operators.CommandView>();
        foreach (var (atStart, thenJumpsTo) in new[] { ("+1d", "-1d"), ("-3650d", "+3650d"), ("+3650d", "+0") })
        {
            await File.WriteAllTextAsync(wall, atStart);
            agent.Start(environment: faked);
            await site.LiveAsync("web-01");
            await RunsAsync(site, agent, orders);

            await File.WriteAllTextAsync(wall, thenJumpsTo);
            await RunsAsync(site, agent, orders);
            await agent.KillAsync();
        }
        Assert.All(orders, o => Assert.Equal(1, agent.EffectsOf(o.Uid)));
        Assert.Equal(orders.Count, agent.Effects().Count);
        // What the agent wrote down for effects is hub time, in order, whatever its machine believed.
        var times = agent.Effects().Select(line => DateTimeOffset.Parse(line.Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture)).ToList();
        Assert.Equal(times.Order(), times);
        Assert.All(times, t => Assert.InRange(t, orders[0].CreatedAt.AddSeconds(-5), TimeProvider.System.GetUtcNow().AddSeconds(5)));
    }

    private static async Task RunsAsync(Site site, AgentProcess agent, List<Contracts.Operators.CommandView> orders)
    {
        // A short life: an agent that judged by its own clock would call it expired, or live for ten years.
        var order = (await site.Operator.QueueAsync(new Contracts.Operators.NewCommands
        {
            Command = CommandNames.KillProcess, Hosts = ["web-01"], Reason = "end-to-end test", ExpiresInSeconds = 120,
            Params = System.Text.Json.JsonSerializer.SerializeToElement(AgentCrashTests.ParamsOf(CommandNames.KillProcess)),
        })).Commands.Single();
        orders.Add(order);
        var end = await site.Operator.UntilEndedAsync(order.Id, Site.Patience);
        Assert.Equal(CommandStatus.Executed, end.Status);
        Assert.InRange(end.ExecutedAt!.Value, end.DeliveredAt!.Value, end.FinishedAt!.Value);
        Assert.Equal(1, agent.EffectsOf(order.Uid));
    }
}
