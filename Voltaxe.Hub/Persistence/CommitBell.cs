using Microsoft.EntityFrameworkCore;
using Voltaxe.Contracts.Commands;
using Voltaxe.Hub.Domain;
using Voltaxe.Hub.Persistence.Rows;

namespace Voltaxe.Hub.Persistence;

/// <summary>What a commit changed, read off its rows so that nobody can forget to tell.</summary>
/// <param name="Commands">Commands that are new or changed.</param>
/// <param name="Agents">Agents that are new or changed, or whose commands are.</param>
/// <param name="Ring">Agents for whom there is something to hand out or to ask.</param>
/// <param name="Elsewhere">Told by another node: which commands changed is not known, only whose.</param>
public sealed record Committed(IReadOnlyCollection<long> Commands, IReadOnlyCollection<string> Agents, IReadOnlyCollection<string> Ring, bool Elsewhere = false)
{
    /// <summary>Of <see cref="Commands"/>, those that this commit ended.</summary>
    public IReadOnlyCollection<long> Ended { get; init; } = [];

    /// <summary>Evidence that is new, changed or gone.</summary>
    public IReadOnlyCollection<string> Evidence { get; init; } = [];

    /// <summary>Commands that said how far they are.</summary>
    public IReadOnlyCollection<long> Progress { get; init; } = [];

    /// <exception cref="InvalidOperationException">An agent or a command was changed behind the back of the unit's rows.</exception>
    internal static Committed? From(HubDb db, UnitRows rows)
    {
        var commands = new HashSet<long>();
        var agents = new HashSet<string>();
        var ring = new HashSet<string>();
        var ended = new List<long>();
        foreach (var (command, row) in rows.Commands.Where(r => r.HasChanged).Select(r => (r.Entity, (Row<Command>?)r)).Concat(Added<Command>(db).Select(c => (c, (Row<Command>?)null))))
        {
            commands.Add(command.Id);
            agents.Add(command.AgentId);
            var claimable = command is { Status: CommandStatus.Pending, IsDue: true };
            var toEnd = command is { Status: CommandStatus.Delivered, CancelRequestedAt: not null } && row?.Changed(nameof(Command.CancelWhy)) == true;
            if (command.IsTerminal && row?.Changed(nameof(Command.Status)) == true)
                ended.Add(command.Id);
            if (claimable || toEnd)
                ring.Add(command.AgentId);
        }
        agents.UnionWith(Added<Agent>(db).Select(a => a.Id));
        foreach (var row in rows.Agents.Where(r => r.HasChanged))
        {
            agents.Add(row.Entity.Id);
            if (row.Changed(nameof(Agent.RevokedAt)))
                ring.Add(row.Entity.Id);
        }
        var evidence = new List<string>();
        foreach (var entry in db.ChangeTracker.Entries<EvidenceFile>().Where(e => e.State is not (EntityState.Unchanged or EntityState.Detached)))
        {
            evidence.Add(entry.Entity.Id);
            agents.Add(entry.Entity.AgentId);
        }
        var progress = db.ChangeTracker.Entries<CommandProgress>().Where(e => e.State is EntityState.Added or EntityState.Modified).Select(e => e.Entity.CommandId).ToList();
        return commands.Count + agents.Count + progress.Count > 0 ? new Committed(commands, agents, ring) { Ended = ended, Evidence = evidence, Progress = progress } : null;
    }

    private static IEnumerable<T> Added<T>(HubDb db) where T : class => db.ChangeTracker.Entries<T>().Where(e => e.State != EntityState.Unchanged)
        .Select(e => e.State == EntityState.Added ? e.Entity : throw new InvalidOperationException($"{e.Entity} is {e.State} in the change tracker: agents and commands are changed as rows"));
}

/// <summary>Tells this node's rooms what was committed. Listeners must return at once and never throw.</summary>
public sealed class CommitBell
{
    public event Action<Committed>? Rung;

    public void Ring(Committed committed) => Rung?.Invoke(committed);
}
