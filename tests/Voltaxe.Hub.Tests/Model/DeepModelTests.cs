using Voltaxe.Contracts.Commands;
using Voltaxe.Hub.Domain;
using Xunit.Abstractions;

namespace Voltaxe.Hub.Tests.Model;

/// <summary>The same worlds and laws, far deeper than breadth can go: random walks with everything that can go wrong, each healed at its end.</summary>
public sealed class DeepModelTests(ITestOutputHelper output)
{
    private const int Walks = 500, StepsAWalk = 200;

    /// <summary>Set VOLTAXE_MODEL_SEED to walk again where a failure was found.</summary>
    private static readonly int? OneSeed = int.TryParse(Environment.GetEnvironmentVariable("VOLTAXE_MODEL_SEED"), out var seed) ? seed : null;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Nothing_is_done_twice_nothing_lies_and_everything_ends_on_long_ways(bool socket)
    {
        var ends = new Dictionary<CommandStatus, int>();
        var (steps, corrected) = (0, 0);
        foreach (var seed in OneSeed is { } one ? [one] : Enumerable.Range(1, Walks))
        {
            var walk = new Walk(seed, socket);
            var fault = walk.Run(StepsAWalk);
            Assert.True(fault is null, $"seed {seed}, socket {socket}: {fault}");
            steps += walk.Way.Count;
            corrected += walk.Corrected;
            foreach (var command in walk.World.Commands)
                ends[command.Status] = ends.GetValueOrDefault(command.Status) + 1;
        }
        output.WriteLine($"{steps} steps, {corrected} corrections, {string.Join(", ", ends.OrderBy(e => e.Key).Select(e => $"{e.Value} {e.Key}"))}");
        if (OneSeed is not null)
            return;
        // The walks must have come to where it is interesting, or they prove nothing.
        Assert.True(steps > Walks * 50, $"only {steps} steps");
        Assert.True(corrected > 0, "no unknown was ever corrected");
        foreach (var state in Enum.GetValues<CommandStatus>().Where(CommandLifecycle.IsTerminal).Except([CommandStatus.Rejected]))
            Assert.True(ends.GetValueOrDefault(state) > 0, $"no walk left a command {state}");
    }
}

/// <summary>One random walk. Its seed says everything about it.</summary>
internal sealed class Walk
{
    private static readonly string[] Names = [CommandNames.NetworkIsolate, CommandNames.NetworkRestore, CommandNames.KillProcess];

    private readonly Random random;
    private readonly Scenario scenario;

    public Walk(int seed, bool socket)
    {
        random = new Random(seed);
        var wishes = Enumerable.Range(0, 6).Select(_ => new Wish(Names[random.Next(Names.Length)], random.Next(5) == 0, random.Next(5) == 0 ? TimeSpan.FromMinutes(random.Next(20)) : null)).ToList();
        scenario = new Scenario($"walk {seed}", socket, wishes, new Budget
        {
            Crashes = random.Next(8),
            Losses = random.Next(20),
            Copies = random.Next(20),
            Cancels = random.Next(3),
            Failures = random.Next(3),
            Minutes = random.Next(10),
            Quarters = random.Next(5),
            LostJournals = random.Next(4) == 0 ? 1 : 0,
            Reconnects = random.Next(4),
            Syncs = 60,
        }, 0)
        { Room = 3 };
        World = World.New(scenario);
    }

    public World World { get; private set; }
    public List<Step> Way { get; } = [];
    public int Corrected { get; private set; }

    public string? Run(int steps)
    {
        for (var i = 0; i < steps && Next() is var (step, after); i++)
        {
            Way.Add(step);
            if ((Laws.BrokenBetween(World, after) ?? Laws.BrokenIn(after)) is { } broken)
                return Trace.Of(scenario, broken, Way);
            Corrected += World.Commands.Zip(after.Commands).Count(c => c.First.Status == CommandStatus.Unknown && c.Second.Status != CommandStatus.Unknown);
            World = after;
        }
        return Healing.Fails(World) is { } stuck ? Trace.Of(scenario, stuck, Way) : null;
    }

    /// <summary>A step at random; what goes wrong, and time, come more seldom than what goes right, or nothing would ever get far.</summary>
    private (Step Step, World After)? Next()
    {
        var possible = Steps.Possible(World).ToList();
        while (possible.Count > 0)
        {
            var step = possible[random.Next(possible.Count)];
            if (IsTrouble(step.Kind) && random.Next(4) > 0)
            {
                if (possible.TrueForAll(s => IsTrouble(s.Kind)))
                    possible.Remove(step);
                continue;
            }
            if (World.Left.Crashes > 0 && random.Next(10) == 0
                && step.Kind is Kind.ReplyArrives or Kind.PushArrives or Kind.PushArrivesAndStays or Kind.Finishes or Kind.Boots)
                step = step with { DiesAfter = random.Next(1, 6) };
            if (Steps.Take(World, step, out _) is { } after)
                return (step, after);
            possible.Remove(step with { DiesAfter = null });
        }
        return null;
    }

    private static bool IsTrouble(Kind kind) => kind is Kind.Cancel or Kind.Deny or Kind.MinutePasses or Kind.QuarterPasses or Kind.PushIsLost
        or Kind.SyncArrivesReplyIsLost or Kind.ActionFails or Kind.ProcessDies or Kind.MachineReboots or Kind.JournalIsLost or Kind.Reconnects;
}
