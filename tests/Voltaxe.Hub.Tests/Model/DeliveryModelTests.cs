using System.Diagnostics;
using Voltaxe.Contracts.Commands;
using Xunit.Abstractions;

namespace Voltaxe.Hub.Tests.Model;

/// <summary>
/// The hub's and the agent's own decisions, wired to each other by a channel that loses, copies and reorders, with crashes, cancels and
/// the passing of time at every point. Every world within the bounds is looked at.
/// </summary>
public sealed class DeliveryModelTests(ITestOutputHelper output)
{
    private static readonly Scenario[] Scenarios =
    [
        new("a kill over a socket", true, [Wish.Kill], new() { Crashes = 1, Losses = 1, Cancels = 1, Quarters = 1, Syncs = 2 }, 28_000,
            CommandStatus.Executed, CommandStatus.Cancelled, CommandStatus.Expired),
        new("a kill over a socket, copied", true, [Wish.Kill], new() { Crashes = 1, Copies = 1, Cancels = 1, Syncs = 2 }, 12_000),
        new("a kill over a socket that breaks", true, [Wish.Kill], new() { Losses = 1, Quarters = 1, Syncs = 3, Reconnects = 1 }, 27_000),
        new("a kill that is polled, and an agent that dies and dies", false, [Wish.Kill], new() { Crashes = 3, Syncs = 4 }, 38_000,
            CommandStatus.Rejected, CommandStatus.Unknown),
        new("isolate, then restore, over a socket", true, [Wish.Isolate, Wish.Restore], new() { Crashes = 1, Cancels = 1, Syncs = 2 }, 90_000),
        new("isolate, then restore, over a socket that loses", true, [Wish.Isolate, Wish.Restore], new() { Losses = 2, Syncs = 2, Cancels = 1 }, 50_000),
        new("restore, then isolate, polled", false, [Wish.Restore, Wish.Isolate], new() { Crashes = 1, Losses = 1, Cancels = 1, Syncs = 3 }, 23_000),
        new("restore, then isolate, in time and late", false, [Wish.Restore, Wish.Isolate], new() { Losses = 1, Failures = 1, Quarters = 2, Syncs = 3 }, 32_000,
            CommandStatus.Executed, CommandStatus.Failed, CommandStatus.Expired, CommandStatus.Superseded, CommandStatus.Unknown),
        new("a restore that waits, then isolate", false, [new(Wish.Restore.Name, NeedsApproval: true), new(Wish.Restore.Name, Delay: TimeSpan.FromMinutes(15)), Wish.Isolate], new() { Quarters = 2, Syncs = 2 }, 9_000,
            CommandStatus.AwaitingApproval, CommandStatus.Denied, CommandStatus.Superseded, CommandStatus.Executed),
        new("isolate, kill and restore over a socket", true, [Wish.Isolate, Wish.Kill, Wish.Restore], new() { Syncs = 2 }, 20_000),
        new("isolate, kill and restore, polled", false, [Wish.Isolate, Wish.Kill, Wish.Restore], new() { Crashes = 1, Syncs = 3 }, 21_000),
        new("a journal that is lost under a socket", true, [Wish.Kill], new() { LostJournals = 1, Losses = 1, Cancels = 1, Syncs = 3 }, 5_000, CommandStatus.Unknown),
        new("a lost journal", false, [Wish.Isolate, Wish.Kill], new() { LostJournals = 1, Losses = 1, Quarters = 1, Syncs = 3 }, 18_000, CommandStatus.Unknown),
    ];

    public static TheoryData<string> Titles() => [.. Scenarios.Select(s => s.Title)];

    [Theory]
    [MemberData(nameof(Titles))]
    public void Nothing_is_done_twice_nothing_lies_and_everything_ends(string title)
    {
        var scenario = Scenarios.Single(s => s.Title == title);
        var exploration = new Exploration(scenario);
        var watch = Stopwatch.StartNew();
        var counterexample = exploration.Run(healEvery: 8);
        output.WriteLine($"{exploration.States} worlds, {exploration.Transitions} steps, {exploration.Healed} healed, {watch.Elapsed.TotalSeconds:0.0} s, {Environment.CpuUsage.TotalTime.TotalSeconds:0.0} s of processor in all");
        Assert.True(counterexample is null, counterexample);
        Assert.Superset(scenario.Reaches.ToHashSet(), exploration.Seen);
        Assert.True(exploration.States >= scenario.AtLeast, $"only {exploration.States} worlds were reached; the model has shrunk");
    }
}
