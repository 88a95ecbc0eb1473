using System.Net;
using Voltaxe.Contracts.Commands;
using Voltaxe.EndToEnd.Tests.Product;
using Voltaxe.Testing;
using Voltaxe.Testing.Wire;

namespace Voltaxe.EndToEnd.Tests.Faults;

/// <summary>
/// Acceptance 19: an operator withdraws a command in the very moment in which it reaches an agent that acts at once.
/// <c>VOLTAXE_CANCEL_ROUNDS</c> says how often; 1,000 if not set.
/// </summary>
[Collection(RealProcesses.Name)]
public sealed class CancelRaceTests
{
    private const int Hosts = 4;
    private static readonly int Rounds = int.TryParse(Environment.GetEnvironmentVariable("VOLTAXE_CANCEL_ROUNDS"), out var rounds) ? rounds : 1_000;

    [NeedsFact(Needs.Linux)]
    public async Task What_is_shown_as_cancelled_had_no_effect()
    {
        await using var site = await Site.StartAsync();
        var ends = (await Task.WhenAll(Enumerable.Range(0, Hosts).Select(host => RaceAsync(site, $"host-{host}", Rounds / Hosts)))).SelectMany(e => e).ToList();

        Assert.Equal(Rounds / Hosts * Hosts, ends.Count);
        Assert.All(ends, e => Assert.True(e is (CommandStatus.Executed, true) or (CommandStatus.Cancelled, false), $"{e.Shown} with effect: {e.Effect}"));
        // A race that one side always wins is none.
        Assert.Contains(ends, e => e.Effect);
        Assert.Contains(ends, e => !e.Effect);
    }

    private static async Task<List<(CommandStatus Shown, bool Effect)>> RaceAsync(Site site, string host, int rounds)
    {
        var random = new Random(host[^1]);
        await using var client = new SocketClient(await site.EnrolWireAsync(host), SignalRSocket.ClientTo(site.Hub.Url));
        await client.ConnectAsync();
        using var over = new CancellationTokenSource();
        var acting = ActAsync(client, over.Token);
        var ends = new List<(CommandStatus, bool)>();
        for (var round = 0; round < rounds; round++)
        {
            var order = await site.Operator.QueueAsync(host, CommandNames.KillProcess, AgentCrashTests.ParamsOf(CommandNames.KillProcess));
            // From "before the push" to "after the result": the hub's answer takes about as long as the agent does.
            for (var spin = random.Next(4); spin > 0; spin--)
                await Task.Yield();
            using var answer = await site.Operator.TryCancelAsync(order.Id);
            Assert.True(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.Conflict, $"cancelling was answered {answer.StatusCode}");
            var end = await site.Operator.UntilEndedAsync(order.Id, Site.Patience);
            ends.Add((end.Status, client.OutcomeOf(order.Uid) == "executed"));
        }
        await over.CancelAsync();
        await acting;
        return ends;
    }

    /// <summary>An agent that acts in the same instant in which it takes a command in.</summary>
    private static async Task ActAsync(SocketClient client, CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
            await client.ActAsync(TimeSpan.FromMilliseconds(200));
    }
}
