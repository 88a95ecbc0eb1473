using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;

namespace Voltaxe.Hub.Persistence;

/// <summary>Brings the schema up to date at start. Several processes may do it at once, and each of them may be killed at any moment.</summary>
public static partial class Schema
{
    private const string LockSuffix = ".lock";
    private const string Migrate = "bring the database's schema up to date";

    /// <summary>Any number that nothing else in the database uses.</summary>
    private const long AdvisoryLock = 0x766f6c74617865; // "voltaxe"

    /// <exception cref="HubStartException">The database cannot be reached, read or written, or somebody else holds it.</exception>
    public static async Task MigrateAsync(this HubDbFactory factory, ILogger log, TimeProvider time, CancellationToken ct)
    {
        // Contexts without a logger: what fails here is said once, by whoever started the program.
        if (factory.IsSqlite)
        {
            var options = new DbContextOptionsBuilder<SqliteHubDb>();
            PersistenceSetup.UseSqlite(options, factory.ConnectionString);
            await using var db = new SqliteHubDb(options.Options);
            await OnSqliteAsync(db, new SqliteConnectionStringBuilder(factory.ConnectionString).DataSource, log, time, ct);
        }
        else
        {
            await using var db = new PostgresHubDb(new DbContextOptionsBuilder<PostgresHubDb>().UseNpgsql(factory.ConnectionString).Options);
            await OnPostgresAsync(db, new NpgsqlConnectionStringBuilder(factory.ConnectionString), log, time, ct);
        }
    }

    private static async Task OnSqliteAsync(SqliteHubDb db, string file, ILogger log, TimeProvider time, CancellationToken ct)
    {
        var isFile = file.Length > 0 && file != ":memory:" && !file.StartsWith("file:", StringComparison.Ordinal);
        if (isFile)
        {
            if (Path.GetDirectoryName(Path.GetFullPath(file)) is { } folder && !Directory.Exists(folder))
                PrivateFiles.MakeFolder(folder);
            PrivateFiles.MakeFile(file);
            foreach (var beside in new[] { "-wal", "-shm", "-journal", LockSuffix })
                PrivateFiles.CloseFile(file + beside);
        }
        try
        {
            // First of all: it opens the file for writing, and so takes back what a killed process had begun. EF Core's own first look opens it
            // for reading only, and would fail on that.
            await db.Database.ExecuteSqlRawAsync("PRAGMA journal_mode=WAL", ct);
            if ((await db.Database.GetPendingMigrationsAsync(ct)).Any())
            {
                using var alone = isFile ? await StartLock.TakeAsync(file + LockSuffix, Migrate, log, time, ct) : null;
                if (await ForgetDeadLockAsync(db, ct))
                    LogForgot(log);
                await db.Database.MigrateAsync(ct);
            }
            // Writes a page, and changes nothing: a database that cannot be written is found now, and not by the first command.
            await db.Database.ExecuteSqlRawAsync("PRAGMA user_version=0", ct);
        }
        catch (Exception e) when (Within<SqliteException>(e) is { } answer)
        {
            throw new HubStartException(StartFault.Failed, $"The database {Path.GetFullPath(file)} cannot be opened and written by the user {Environment.UserName}: {answer.Message}", e);
        }
    }

    /// <summary>EF Core's own lock is a row that a killed process leaves behind, and that the next one would wait for until somebody deletes it.</summary>
    private static async Task<bool> ForgetDeadLockAsync(SqliteHubDb db, CancellationToken ct)
    {
        var tables = await db.Database.SqlQuery<int>($"SELECT count(*) AS \"Value\" FROM sqlite_master WHERE name = '__EFMigrationsLock'").ToListAsync(ct);
        return tables[0] > 0 && await db.Database.ExecuteSqlRawAsync("DELETE FROM \"__EFMigrationsLock\"", ct) > 0;
    }

    private static async Task OnPostgresAsync(PostgresHubDb db, NpgsqlConnectionStringBuilder server, ILogger log, TimeProvider time, CancellationToken ct)
    {
        var where = $"PostgreSQL at {server.Host}:{server.Port}, database {server.Database}";
        try
        {
            await CreateDatabaseAsync(db, ct);
            if (!(await db.Database.GetPendingMigrationsAsync(ct)).Any())
                return;
            // The lock is the connection's: the server lets go of it when this process dies, and within seconds when this machine does.
            await db.Database.OpenConnectionAsync(ct);
            await db.Database.ExecuteSqlRawAsync("SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; SET lock_timeout = '60s'", ct);
            await LockAsync(db, where, log, time, ct);
            await db.Database.MigrateAsync(ct);
            await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_unlock({AdvisoryLock})", ct);
            // The connection goes back to the pool as new ones are.
            await db.Database.ExecuteSqlRawAsync("RESET ALL", ct);
        }
        catch (Exception e) when (Within<PostgresException>(e) is { } answer)
        {
            var isAway = answer.SqlState.StartsWith("57P", StringComparison.Ordinal) || answer.SqlState.StartsWith("53", StringComparison.Ordinal);
            throw new HubStartException(isAway ? StartFault.Unreachable : StartFault.Failed, $"{where}: {answer.MessageText}", e);
        }
        catch (Exception e) when (e is TimeoutException || Within<NpgsqlException>(e) is not null)
        {
            throw new HubStartException(StartFault.Unreachable, $"{where} cannot be reached: {e.GetBaseException().Message}", e);
        }
    }

    /// <summary>EF Core wraps what the driver says, and not always the same way.</summary>
    private static T? Within<T>(Exception? e) where T : Exception => e is null or T ? e as T : Within<T>(e.InnerException);

    private static async Task CreateDatabaseAsync(PostgresHubDb db, CancellationToken ct)
    {
        try
        {
            await db.Database.OpenConnectionAsync(ct);
            await db.Database.CloseConnectionAsync();
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InvalidCatalogName)
        {
            try
            {
                await db.GetService<IRelationalDatabaseCreator>().CreateAsync(ct);
            }
            catch (PostgresException twice) when (twice.SqlState is PostgresErrorCodes.DuplicateDatabase or PostgresErrorCodes.UniqueViolation)
            {
                // Another node was first.
            }
        }
    }

    private static async Task LockAsync(PostgresHubDb db, string where, ILogger log, TimeProvider time, CancellationToken ct)
    {
        var began = time.GetTimestamp();
        for (var told = false; ; told = true)
        {
            if ((await db.Database.SqlQuery<bool>($"SELECT pg_try_advisory_lock({AdvisoryLock}) AS \"Value\"").ToListAsync(ct))[0])
            {
                if (told)
                    LogWaited(log, time.GetElapsedTime(began).TotalSeconds);
                return;
            }
            if (!told)
                LogWaiting(log, where);
            if (time.GetElapsedTime(began) > StartLock.Limit)
                throw new HubStartException(StartFault.Failed, $"{where}: another node has tried to {Migrate} for {StartLock.Limit.TotalSeconds} s and still holds the lock (pg_locks, advisory)");
            await Task.Delay(TimeSpan.FromMilliseconds(200), time, ct);
        }
    }

    [LoggerMessage(212, LogLevel.Warning, "The database was locked for migrating by a process that died; its lock is gone now")]
    private static partial void LogForgot(ILogger log);

    [LoggerMessage(213, LogLevel.Information, "Waiting for another node that is about to bring the schema up to date: {Where}")]
    private static partial void LogWaiting(ILogger log, string where);

    [LoggerMessage(214, LogLevel.Information, "Waited for another node to bring the schema up to date: {Seconds:0.0} s")]
    private static partial void LogWaited(ILogger log, double seconds);
}
