using Microsoft.EntityFrameworkCore;
using Voltaxe.Hub.Domain;
using Voltaxe.Hub.Persistence.Rows;

namespace Voltaxe.Hub.Persistence;

/// <summary>What a unit of work has in its hands: the context, the hub time of the transaction, and the locks.</summary>
public sealed class HubWrite
{
    private readonly HubDb db;
    private readonly UnitRows rows;
    private readonly bool isSqlite;

    internal HubWrite(HubDb db, UnitRows rows, DateTimeOffset now, bool isSqlite) => (this.db, this.rows, Now, this.isSqlite) = (db, rows, now, isSqlite);

    /// <summary>For everything but agents and commands that are there already: those are changed by what the methods here return.</summary>
    public HubDb Db => db;

    public DateTimeOffset Now { get; }

    /// <summary>Nothing of this unit of work is kept.</summary>
    public bool IsAbandoned { get; private set; }

    /// <summary>Rolls everything back and answers with this refusal.</summary>
    public T Abandon<T>(T answer)
    {
        IsAbandoned = true;
        return answer;
    }

    /// <summary>Locks the agents' rows in id order and returns them; what is changed of them is saved. Unknown ids are left out.</summary>
    public Task<List<Agent>> LockAgentsAsync(IReadOnlyCollection<string> ids, CancellationToken ct) => rows.LockAgentsAsync(ids, ct);

    public async Task<Agent?> LockAgentAsync(string id, CancellationToken ct) => (await LockAgentsAsync([id], ct)).SingleOrDefault();

    /// <summary>All commands of these agents that are not terminal; what is changed of them is saved.</summary>
    public Task<List<Command>> OpenCommandsAsync(IReadOnlyCollection<string> agentIds, CancellationToken ct) => rows.OpenCommandsAsync(agentIds, ct);

    /// <summary>The same of one agent, and those that the hub gave up on and the agent may still tell of.</summary>
    public Task<List<Command>> OpenOrGivenUpAsync(string agentId, CancellationToken ct) => rows.OpenOrGivenUpAsync(agentId, ct);

    /// <summary>One command, whatever has become of it; what is changed of it is saved.</summary>
    public Task<Command?> CommandAsync(long id, CancellationToken ct) => rows.CommandAsync(id, ct);

    /// <summary>Those of these that there are, of whichever agent.</summary>
    public Task<List<Command>> CommandsAsync(IReadOnlyCollection<Guid> uids, CancellationToken ct) => rows.CommandsAsync(uids, ct);

    /// <summary>So many fresh command numbers, ascending.</summary>
    public async Task<IReadOnlyList<long>> TakeNumbersAsync(int count, CancellationToken ct)
    {
        if (isSqlite)
        {
            var last = await db.Database.SqlQuery<long>($"UPDATE command_numbers SET last = last + {count} WHERE row = 1 RETURNING last AS \"Value\"").ToListAsync(ct);
            return [.. Enumerable.Range(0, count).Select(i => last[0] - count + 1 + i)];
        }
        var numbers = await db.Database.SqlQuery<long>($"SELECT nextval('pending_commands_id_seq') AS \"Value\" FROM generate_series(1, {count})").ToListAsync(ct);
        numbers.Sort();
        return numbers;
    }

    public void Audit(string actor, string action, string target, string outcome, string? detail = null, string? address = null, string? once = null) =>
        db.Audit.Add(new AuditEntry { At = Now, Actor = actor, Action = action, Target = target, Outcome = outcome, Detail = detail, Address = address, Once = once });
}
