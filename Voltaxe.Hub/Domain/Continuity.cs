using Voltaxe.Contracts.Wire;

namespace Voltaxe.Hub.Domain;

/// <summary>How a sync stands to what the hub knows of the agent's journal and process.</summary>
public enum Standing
{
    /// <summary>Taken in full.</summary>
    Current,
    /// <summary>The agent's first journal, or a new one: what was handed out to the old one is lost.</summary>
    NewEpoch,
    /// <summary>Only its results and events count.</summary>
    Stale,
    /// <summary>A journal that was replaced never becomes current again: refused.</summary>
    EpochReplaced,
}

/// <summary>Tells one agent with one journal from a clone, a rolled-back machine and a late message.</summary>
public static class Continuity
{
    public const string CloneSuspected = "clone_suspected";

    /// <param name="agent">Locked; changed unless the sync is refused.</param>
    /// <param name="sync">What it says.</param>
    /// <param name="epochWasRetired">The sync's epoch was replaced before.</param>
    /// <param name="retired">The sync's instance, if it was replaced before.</param>
    public static Standing Judge(Agent agent, SyncRequest sync, bool epochWasRetired, RetiredInstance? retired)
    {
        if (epochWasRetired)
            return Standing.EpochReplaced;
        if (agent.Epoch != sync.Epoch)
        {
            agent.Epoch = sync.Epoch;
            agent.Position = 0;
            Follow(agent, sync);
            return Standing.NewEpoch;
        }
        if (retired is not null)
        {
            if (++retired.Returns >= 2)
                agent.HeldBecause ??= CloneSuspected;
            return Standing.Stale;
        }
        if (agent.Instance == sync.Instance && sync.N < agent.N)
        {
            if (++agent.StaleInARow >= 2)
                agent.HeldBecause ??= CloneSuspected;
            return Standing.Stale;
        }
        if (agent.Instance != sync.Instance && sync.Position < agent.Position)
            agent.HeldBecause ??= CloneSuspected;
        Follow(agent, sync);
        return Standing.Current;
    }

    private static void Follow(Agent agent, SyncRequest sync)
    {
        agent.Instance = sync.Instance;
        agent.N = sync.N;
        agent.StaleInARow = 0;
        agent.Position = Math.Max(agent.Position, sync.Position);
        agent.HighestSeq = Math.Max(agent.HighestSeq, sync.HighestSeq);
    }
}
