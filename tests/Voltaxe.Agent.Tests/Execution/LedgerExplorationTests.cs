using Voltaxe.Agent.Execution.Journalling;
using Voltaxe.Agent.Execution.Ledgers;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Wire;
using static Voltaxe.Agent.Tests.Execution.Orders;

namespace Voltaxe.Agent.Tests.Execution;

/// <summary>
/// Every order of hand-outs, copies, starts, ends, crashes, cancels, records and the passing of time, to a bounded depth, over the real ledger.
/// An effect is counted where the action would begin without being resumed.
/// </summary>
public sealed class LedgerExplorationTests
{
    private const int Depth = 7;
    private static readonly (int Number, string Command)[] Commands = [(1, CommandNames.NetworkRestore), (2, CommandNames.NetworkIsolate), (3, CommandNames.KillProcess)];

    private sealed record World(Ledger Ledger, string Effects, bool Late);

    [Fact]
    public void In_every_order_of_events_nothing_runs_twice_and_no_end_is_a_lie()
    {
        var seen = new HashSet<string>();
        var frontier = new List<World> { new(Ledger.New(Epoch), "", false) };
        for (var depth = 0; depth < Depth; depth++)
        {
            var next = new List<World>();
            foreach (var world in frontier)
            {
                foreach (var then in Steps(world))
                {
                    Check(then);
                    if (seen.Add(Key(then)))
                        next.Add(then);
                }
            }
            frontier = next;
        }
        Assert.True(seen.Count > 5_000, $"only {seen.Count} states were reached");
    }

    private static IEnumerable<World> Steps(World world)
    {
        var now = world.Late ? Noon.AddHours(2) : Noon;
        foreach (var (number, command) in Commands)
        {
            var envelope = Envelope(number);
            var decision = world.Ledger.OnEnvelope(envelope);
            var ledger = world.Ledger.Apply(decision.Records);
            if (decision.Next == NextStep.Verify)
            {
                yield return world with { Ledger = ledger.Crashes(now) };
                var verified = ledger.OnVerified(envelope, Verdict.Accept(Command(number, command)), now).Records;
                for (var torn = 1; torn < verified.Count; torn++)
                    yield return world with { Ledger = ledger.Apply(verified.Take(torn)).Crashes(now) };
                ledger = ledger.Apply(verified);
            }
            yield return world with { Ledger = ledger };
            yield return world with { Ledger = world.Ledger.Apply(world.Ledger.OnCancel(new CancelOrder(Uid(number), Epoch, CancelWhy.Cancelled), now).Records) };
            yield return world with { Ledger = world.Ledger.Apply(world.Ledger.OnFinished(Result(number)).Records) };
            yield return world with { Ledger = world.Ledger.Recorded(number) };
        }
        var start = world.Ledger.Start(now);
        yield return world with { Ledger = world.Ledger.Apply(start.Records).Crashes(now) };
        yield return world with
        {
            Ledger = world.Ledger.Apply(start.Records),
            Effects = world.Effects + string.Concat(start.Starts.Where(s => !s.Resumed).Select(s => $"{s.Command.Id}@{(world.Late ? "late" : "")};")),
        };
        yield return world with { Ledger = world.Ledger.Crashes(now) };
        yield return world with { Late = true };
    }

    private static void Check(World world)
    {
        var effects = world.Effects.Split(';', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(effects.Length, effects.Distinct().Select(e => e[..1]).Distinct().Count());
        Assert.DoesNotContain(effects, e => e.EndsWith("late", StringComparison.Ordinal));
        if (Array.IndexOf(effects, "2@") is >= 0 and var isolated)
            Assert.True(Array.LastIndexOf(effects, "1@") < isolated, $"the restore ran after the newer isolate: {world.Effects}");
        foreach (var entry in world.Ledger.Entries.Values.Where(e => e.State == EntryState.Finished))
        {
            var began = effects.Any(e => e[0] - '0' == (int)(entry.Uid == Uid(1) ? 1 : entry.Uid == Uid(2) ? 2 : 3)) || entry.StartCrashes > 0;
            if (entry.Result!.Outcome is Outcome.Cancelled or Outcome.Expired or Outcome.Superseded or Outcome.Rejected)
                Assert.False(began, $"{entry.Uid} began and yet ended {entry.Result.Outcome}");
        }
        Assert.True(world.Ledger.Mark <= world.Ledger.HighestSeq);
    }

    private static string Key(World world) => world.Effects + "|" + world.Late + "|" + world.Ledger.Mark + "|" + string.Join(',', world.Ledger.Entries.Values.OrderBy(e => e.Uid)
        .Select(e => $"{e.Uid:N}{e.State}{e.AtWork}{e.SeenCrashes}{e.StartCrashes}{e.Result?.Outcome}{e.Told}{e.Arrival}"));
}
