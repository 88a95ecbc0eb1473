using Voltaxe.Agent.Execution.Journalling;
using Voltaxe.Agent.Execution.Ledgers;
using Voltaxe.Testing;

namespace Voltaxe.EndToEnd.Tests.Product;

/// <summary>A place in the life of a command at which an agent can die: the last thing about it that the disk has.</summary>
public enum Cut { Seen, Received, Started, Effect, Finished, Told }

/// <summary>What an agent's state folder says, read from outside while it runs or after it died.</summary>
public static class AgentJournal
{
    /// <summary>How far a command has come on the disk, or null when nothing of it is there.</summary>
    public static Cut? Reached(AgentProcess agent, Guid uid)
    {
        Cut? reached = null;
        foreach (var record in Records(agent))
        {
            reached = record switch
            {
                Seen r when r.Uid == uid && reached is null => Cut.Seen,
                Received r when r.Uid == uid => Cut.Received,
                Started r when r.Uid == uid => Cut.Started,
                Finished r when r.Uid == uid => Cut.Finished,
                Told r when r.Uid == uid => Cut.Told,
                _ => reached,
            };
        }
        return reached == Cut.Started && agent.EffectsOf(uid) > 0 ? Cut.Effect : reached;
    }

    /// <summary>SIGKILLs an agent that goes in steps (<see cref="AgentProcess.StartInSteps"/>) as soon as the disk says so, and before it says more.</summary>
    public static async Task KillAtAsync(AgentProcess agent, Guid uid, Cut cut)
    {
        await agent.KillWhenAsync(() => Reached(agent, uid) >= cut, $"{cut} of {uid} is on the disk of {agent.Name}");
        if (Reached(agent, uid) is var left && left != cut)
            throw new InvalidOperationException($"{agent.Name} died at {left}: it never stood at {cut}");
    }

    /// <summary>How often its effect was begun.</summary>
    public static int Starts(AgentProcess agent, Guid uid) => Records(agent).OfType<Started>().Count(r => r.Uid == uid);

    /// <summary>How often it came to an end.</summary>
    public static int Ends(AgentProcess agent, Guid uid) => Records(agent).OfType<Finished>().Count(r => r.Uid == uid);

    /// <summary>How often it was about to be looked at.</summary>
    public static int Sightings(AgentProcess agent, Guid uid) => Records(agent).OfType<Seen>().Count(r => r.Uid == uid);

    /// <summary>When the isolation that stands ends by itself, or null.</summary>
    public static DateTimeOffset? Deadline(AgentProcess agent) => Ledger.Fold(Records(agent)).Deadline?.At;

    private static IReadOnlyList<JournalRecord> Records(AgentProcess agent)
    {
        var path = Path.Combine(agent.StateFolder, "journal");
        if (!File.Exists(path))
            return [];
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return JournalReader.Read(bytes).Records;
    }
}
