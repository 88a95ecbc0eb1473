using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Voltaxe.Hub.Persistence.Rows;

namespace Voltaxe.Hub.Persistence;

/// <summary>Opens contexts of whichever provider the connection string names.</summary>
public sealed class HubDbFactory(Func<HubDb> create, bool isSqlite, string connectionString)
{
    public bool IsSqlite => isSqlite;

    public string ConnectionString => connectionString;

    public HubDb Create() => create();
}

/// <summary>
/// The one door for writes: a transaction that holds locks from its start, saved and committed as a whole, told of after the commit.
/// SQLite has one writer, so writes queue here instead of spinning on its lock.
/// </summary>
public sealed class HubStore(HubDbFactory factory, HubClock clock, CommitBell bell) : IDisposable
{
    private const int Tries = 4;
    private readonly SemaphoreSlim gate = new(1, 1);
    private Lane? lane;

    public HubClock Clock => clock;

    /// <summary>What SQLite's writer keeps prepared.</summary>
    internal IReadOnlyCollection<string> Prepared => lane?.Statements.Texts ?? [];

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

    public void Dispose()
    {
        lane?.Dispose();
        gate.Dispose();
    }

    private async Task<T> WriteOnceAsync<T>(Func<HubWrite, CancellationToken, Task<T>> work, CancellationToken ct)
    {
        var (result, committed) = factory.IsSqlite ? await OnLaneAsync(work, ct) : await OnAnyConnectionAsync(work, ct);
        if (committed is not null)
            bell.Ring(committed);
        return result;
    }

    private async Task<(T Result, Committed? Committed)> OnAnyConnectionAsync<T>(Func<HubWrite, CancellationToken, Task<T>> work, CancellationToken ct)
    {
        await using var db = factory.Create();
        using var statements = new Statements(db.Database.GetDbConnection(), keep: false);
        return await InTransactionAsync(db, statements, work, ct);
    }

    private async Task<(T Result, Committed? Committed)> OnLaneAsync<T>(Func<HubWrite, CancellationToken, Task<T>> work, CancellationToken ct)
    {
        await gate.WaitAsync(ct);
        try
        {
            lane ??= await Lane.OpenAsync(factory, ct);
            var done = await InTransactionAsync(lane.Db, lane.Statements, work, ct);
            lane.Db.ChangeTracker.Clear();
            return done;
        }
        catch
        {
            // Whether the connection is still good nobody knows; the next write opens another one.
            lane?.Dispose();
            lane = null;
            throw;
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task<(T Result, Committed? Committed)> InTransactionAsync<T>(
        HubDb db, Statements statements, Func<HubWrite, CancellationToken, Task<T>> work, CancellationToken ct)
    {
        db.Database.AutoSavepointsEnabled = false; // What fails is rolled back whole.
        db.ChangeTracker.AutoDetectChangesEnabled = false; // Once is enough: below.
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var rows = new UnitRows(db, statements, factory.IsSqlite);
        var write = new HubWrite(db, rows, clock.Now, factory.IsSqlite);
        var result = await work(write, ct);
        if (write.IsAbandoned)
            return (result, null);
        foreach (var agent in rows.Agents)
            agent.Entity.NoteDrift(write.Now);
        rows.Look();
        db.ChangeTracker.DetectChanges();
        var committed = Committed.From(db, rows);
        await rows.SaveAsync(ct);
        if (db.ChangeTracker.HasChanges())
            await db.SaveChangesAsync(ct);
        ct.ThrowIfCancellationRequested();
        await transaction.CommitAsync(CancellationToken.None); // Begun, it is not broken off: what was committed must be told of.
        return (result, committed);
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

    /// <summary>SQLite's one writer. Its connection stays open, so that its statements stay prepared.</summary>
    private sealed class Lane(HubDb db) : IDisposable
    {
        public HubDb Db => db;

        public Statements Statements { get; } = new(db.Database.GetDbConnection(), keep: true);

        public static async Task<Lane> OpenAsync(HubDbFactory factory, CancellationToken ct)
        {
            var db = factory.Create();
            try
            {
                await db.Database.OpenConnectionAsync(ct);
                return new Lane(db);
            }
            catch
            {
                await db.DisposeAsync();
                throw;
            }
        }

        public void Dispose()
        {
            Statements.Dispose();
            db.Dispose();
        }
    }
}

/// <summary>The database cannot be reached, read or written. Nothing was changed; the caller may try again.</summary>
public sealed class StorageUnavailableException(Exception inner) : Exception("the database is not available: " + inner.GetBaseException().Message, inner);
