using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Domain;
using AgentRow = Voltaxe.Hub.Domain.Agent;

namespace Voltaxe.Hub.Tests.Lifecycle;

/// <summary>One agent with one journal, a clone, a rolled-back machine, and a late message (protocol, section 3).</summary>
public sealed class ContinuityTests
{
    private static SyncRequest Sync(string epoch = "e-1", string instance = "i-1", long n = 1, long position = 10, long highest = 0) =>
        new() { Epoch = epoch, Instance = instance, N = n, Position = position, HighestSeq = highest };

    private static AgentRow Known(long n = 5, long position = 10)
    {
        var agent = Sample.Agent(epoch: null);
        agent.Instance = null;
        Assert.Equal(Standing.NewEpoch, Continuity.Judge(agent, Sync(n: n, position: position, highest: 100), false, null));
        return agent;
    }

    private static RetiredInstance Retired(string instance = "i-0") => new() { AgentId = Sample.AgentId, Instance = instance };

    [Fact]
    public void The_first_sync_makes_its_journal_and_process_the_known_ones()
    {
        var agent = Known();
        Assert.Equal(("e-1", "i-1", 5L, 10L, 100L, null), (agent.Epoch, agent.Instance, agent.N, agent.Position, agent.HighestSeq, agent.HeldBecause));
    }

    [Fact]
    public void The_next_sync_of_the_same_process_is_current_and_marks_only_rise()
    {
        var agent = Known();
        Assert.Equal(Standing.Current, Continuity.Judge(agent, Sync(n: 6, position: 12, highest: 90), false, null));
        Assert.Equal((6L, 12L, 100L), (agent.N, agent.Position, agent.HighestSeq));
    }

    [Fact]
    public void A_lower_n_of_the_same_process_is_stale_and_changes_nothing_the_first_time()
    {
        var agent = Known();
        Assert.Equal(Standing.Stale, Continuity.Judge(agent, Sync(n: 4, position: 99, highest: 999), false, null));
        Assert.Equal((5L, 10L, 100L, null), (agent.N, agent.Position, agent.HighestSeq, agent.HeldBecause));
    }

    [Fact]
    public void Stale_twice_in_a_row_holds_the_agents_commands()
    {
        var agent = Known();
        Continuity.Judge(agent, Sync(n: 4), false, null);
        Assert.Equal(Standing.Stale, Continuity.Judge(agent, Sync(n: 4), false, null));
        Assert.Equal(Continuity.CloneSuspected, agent.HeldBecause);
    }

    [Fact]
    public void A_current_sync_between_two_late_ones_clears_the_suspicion()
    {
        var agent = Known();
        Continuity.Judge(agent, Sync(n: 4), false, null);
        Continuity.Judge(agent, Sync(n: 6), false, null);
        Continuity.Judge(agent, Sync(n: 5), false, null);
        Assert.Null(agent.HeldBecause);
    }

    [Fact]
    public void A_new_process_on_a_journal_that_grew_takes_over()
    {
        var agent = Known();
        Assert.Equal(Standing.Current, Continuity.Judge(agent, Sync(instance: "i-2", n: 1, position: 10), false, null));
        Assert.Equal(("i-2", 1L, null), (agent.Instance, agent.N, agent.HeldBecause));
    }

    [Fact]
    public void A_new_process_on_a_shorter_journal_is_a_machine_that_was_rolled_back()
    {
        var agent = Known();
        Continuity.Judge(agent, Sync(instance: "i-2", position: 9), false, null);
        Assert.Equal(Continuity.CloneSuspected, agent.HeldBecause);
        Assert.Equal(10, agent.Position);
    }

    [Fact]
    public void A_replaced_process_is_stale_and_coming_back_twice_it_is_a_clone()
    {
        var agent = Known();
        var old = Retired();
        Assert.Equal(Standing.Stale, Continuity.Judge(agent, Sync(instance: "i-0", n: 99, position: 99), false, old));
        Assert.Null(agent.HeldBecause);
        Assert.Equal(Standing.Stale, Continuity.Judge(agent, Sync(instance: "i-0", n: 100, position: 99), false, old));
        Assert.Equal((Continuity.CloneSuspected, "i-1", 5L), (agent.HeldBecause, agent.Instance, agent.N));
    }

    [Fact]
    public void Two_processes_that_speak_in_turns_are_found_out()
    {
        var agent = Known();
        Continuity.Judge(agent, Sync(instance: "i-2", n: 1), false, null);
        var first = Retired("i-1");
        for (var n = 6; n < 8; n++)
        {
            Continuity.Judge(agent, Sync(instance: "i-1", n: n), false, first);
            Continuity.Judge(agent, Sync(instance: "i-2", n: n), false, null);
        }
        Assert.Equal(Continuity.CloneSuspected, agent.HeldBecause);
    }

    [Fact]
    public void A_new_journal_starts_over_without_suspicion_but_the_highest_seq_stays()
    {
        var agent = Known();
        Assert.Equal(Standing.NewEpoch, Continuity.Judge(agent, Sync(epoch: "e-2", instance: "i-2", n: 1, position: 1), false, null));
        Assert.Equal(("e-2", "i-2", 1L, 1L, 100L, null), (agent.Epoch, agent.Instance, agent.N, agent.Position, agent.HighestSeq, agent.HeldBecause));
    }

    [Fact]
    public void A_replaced_journal_never_becomes_current_again()
    {
        var agent = Known();
        Assert.Equal(Standing.EpochReplaced, Continuity.Judge(agent, Sync(epoch: "e-0", n: 99, position: 99, highest: 999), true, null));
        Assert.Equal(("e-1", "i-1", 5L, 10L, 100L), (agent.Epoch, agent.Instance, agent.N, agent.Position, agent.HighestSeq));
    }

    [Fact]
    public void An_agent_that_is_held_stays_held_until_an_admin_decides()
    {
        var agent = Known();
        Continuity.Judge(agent, Sync(instance: "i-2", position: 9), false, null);
        Continuity.Judge(agent, Sync(instance: "i-2", n: 2, position: 50), false, null);
        Continuity.Judge(agent, Sync(epoch: "e-2", instance: "i-3", n: 1, position: 50), false, null);
        Assert.Equal(Continuity.CloneSuspected, agent.HeldBecause);
    }
}
