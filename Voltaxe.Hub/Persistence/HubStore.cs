using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Voltaxe.Contracts.Commands;
using Voltaxe.Hub.Domain;

namespace Voltaxe.Hub.Persistence;

/// <summary>Opens contexts of whichever provider the connection string names.</summary>
public sealed class HubDbFactory(Func<HubDb> create, bool isSqlite)
{
    public bool IsSqlite => isSqlite;

    public HubDb Create() => create();
}

/// <summary>
/// The one door for writes: a transaction that holds locks from its start, saved and committed as a whole, told of after the commit.
/// SQLite has one writer, so writes queue here instead of spinning on its lock.
/// </summary>
public sealed class HubStore(HubDbFactory factory, HubClock clock, CommitBell bell)
{
    private const int Tries = 4;
    private readonly SemaphoreSlim gate = new(1, 1);

    public HubClock Clock => clock;

    /// <exception cref="StorageUnavailableException">The database cannot be reached or read.</exception>
    public async Task<T> ReadAsync<T>(Func<HubDb, CancellationToken, Task<T>> work, CancellationToken ct)
    {
        await using var db = factory.Create();
        db.ChangeTracker.QueryTrackingBehavior = QueryTrackingBehavior.NoTracking;
        try
        {
            return await work(db, ct);
        }
        catch (Exception e) when (IsUnavailable(e))
        {
            throw new StorageUnavailableException(e);
        }
    }

    /// <summary><paramref name="work"/> runs again from the start when the database asks for it, so it must change nothing but its context.</summary>
    /// <exception cref="StorageUnavailableException">The database cannot be reached or written; nothing was changed.</exception>
    public async Task<T> WriteAsync<T>(Func<HubWrite, CancellationToken, Task<T>> work, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await WriteOnceAsync(work, ct);
            }
            catch (Exception e) when (attempt < Tries && IsTransient(e))
            {
                // Another writer was faster; the work is done again on what it left.
            }
            catch (Exception e) when (IsUnavailable(e))
            {
                throw new StorageUnavailableException(e);
            }
        }
    }

    private async Task<T> WriteOnceAsync<T>(Func<HubWrite, CancellationToken, Task<T>> work, CancellationToken ct)
    {
        Committed? committed;
        T result;
        if (factory.IsSqlite)
            await gate.WaitAsync(ct);
        try
        {
            await using var db = factory.Create();
            db.Database.AutoSavepointsEnabled = false; // What fails is rolled back whole.
            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            var write = new HubWrite(db, clock.Now, factory);
            result = await work(write, ct);
            if (write.IsAbandoned)
                return result;
            db.ChangeTracker.AutoDetectChangesEnabled = false; // Once is enough: that is in Committed.From.
            foreach (var agent in db.ChangeTracker.Entries<Agent>())
                agent.Entity.NoteDrift(write.Now);
            committed = Committed.From(db);
            await db.SaveChangesAsync(ct);
            ct.ThrowIfCancellationRequested();
            await transaction.CommitAsync(CancellationToken.None); // Begun, it is not broken off: what was committed must be told of.
        }
        finally
        {
            if (factory.IsSqlite)
                gate.Release();
        }
        if (committed is not null)
            bell.Ring(committed);
        return result;
    }

    private static bool IsTransient(Exception e) => e is DbUpdateConcurrencyException
        || Root(e) is PostgresException { SqlState: PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected }
        || Root(e) is SqliteException { SqliteErrorCode: 5 or 6 };

    private static bool IsUnavailable(Exception e) => Root(e) switch
    {
        SqliteException { SqliteErrorCode: 5 or 6 or 8 or 10 or 11 or 13 or 14 } => true,
        PostgresException { SqlState: PostgresErrorCodes.ReadOnlySqlTransaction } => true, // a standby that is not, or no longer, the primary
        PostgresException p => p.SqlState.StartsWith("53", StringComparison.Ordinal) || p.SqlState.StartsWith("57P", StringComparison.Ordinal) || p.SqlState.StartsWith("58", StringComparison.Ordinal),
        NpgsqlException => true,
        _ => false,
    };

    private static Exception Root(Exception e) => e is DbException ? e : e.InnerException is { } inner ? Root(inner) : e;
}

/// <summary>The database cannot be reached, read or written. Nothing was changed; the caller may try again.</summary>
public sealed class StorageUnavailableException(Exception inner) : Exception("the database is not available: " + inner.GetBaseException().Message, inner);

/// <summary>What a unit of work has in its hands: the context, the hub time of the transaction, and the locks.</summary>
public sealed class HubWrite(HubDb db, DateTimeOffset now, HubDbFactory factory)
{
    public HubDb Db => db;

    public DateTimeOffset Now => now;

    /// <summary>Nothing of this unit of work is kept.</summary>
    public bool IsAbandoned { get; private set; }

    /// <summary>Rolls everything back and answers with this refusal.</summary>
    public T Abandon<T>(T answer)
    {
        IsAbandoned = true;
        return answer;
    }

    /// <summary>Locks the agents' rows in id order and returns them, tracked. Unknown ids are left out.</summary>
    public async Task<List<Agent>> LockAgentsAsync(IReadOnlyCollection<string> ids, CancellationToken ct)
    {
        if (factory.IsSqlite && ids.Count == 1)
            return await HotQueries.Of(db).AgentAsync(db, ids.Single(), ct) is { } one ? [one] : [];
        if (factory.IsSqlite) // BEGIN IMMEDIATE holds the only write lock already.
            return await db.Agents.Where(a => ids.Contains(a.Id)).OrderBy(a => a.Id).ToListAsync(ct);
        var wanted = ids.ToArray();
        return await db.Agents.FromSql($"SELECT * FROM agents WHERE id = ANY({wanted}) ORDER BY id FOR UPDATE").ToListAsync(ct);
    }

    public async Task<Agent?> LockAgentAsync(string id, CancellationToken ct) => (await LockAgentsAsync([id], ct)).SingleOrDefault();

    /// <summary>All commands of these agents that are not terminal, tracked.</summary>
    public Task<List<Command>> OpenCommandsAsync(IReadOnlyCollection<string> agentIds, CancellationToken ct) =>
        agentIds.Count == 1 ? HotQueries.Of(db).OpenCommandsAsync(db, agentIds.Single(), ct) : db.OpenCommands.Where(c => agentIds.Contains(c.AgentId)).ToListAsync(ct);

    /// <summary>Commands of this agent that the hub gave up on and the agent may still tell of, tracked.</summary>
    public Task<List<Command>> GivenUpCommandsAsync(string agentId, CancellationToken ct) =>
        HotQueries.Of(db).GivenUpCommandsAsync(db, agentId, ct);

    /// <summary>So many fresh command numbers, ascending.</summary>
    public async Task<IReadOnlyList<long>> TakeNumbersAsync(int count, CancellationToken ct)
    {
        if (factory.IsSqlite)
        {
            var last = await db.Database.SqlQuery<long>($"UPDATE command_numbers SET last = last + {count} WHERE row = 1 RETURNING last AS \"Value\"").ToListAsync(ct);
            return [.. Enumerable.Range(0, count).Select(i => last[0] - count + 1 + i)];
        }
        var numbers = await db.Database.SqlQuery<long>($"SELECT nextval('pending_commands_id_seq') AS \"Value\" FROM generate_series(1, {count})").ToListAsync(ct);
        numbers.Sort();
        return numbers;
    }

    public void Audit(string actor, string action, string target, string outcome, string? detail = null, string? address = null, string? once = null) =>
        db.Audit.Add(new AuditEntry { At = now, Actor = actor, Action = action, Target = target, Outcome = outcome, Detail = detail, Address = address, Once = once });
}
