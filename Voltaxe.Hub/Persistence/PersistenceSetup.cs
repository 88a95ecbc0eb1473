using System.Data.Common;
using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Voltaxe.Hub.Persistence;

public static class PersistenceSetup
{
    /// <summary><c>ConnectionStrings:Voltaxe</c> decides: <c>Data Source=…</c> is SQLite, <c>Host=…</c> is PostgreSQL; default <c>voltaxe.db</c> in the data folder.</summary>
    public static IServiceCollection AddPersistence(this IServiceCollection services, HubOptions options, string? connectionString)
    {
        connectionString = string.IsNullOrWhiteSpace(connectionString) ? $"Data Source={Path.Combine(options.DataDirectory, "voltaxe.db")}" : connectionString;
        var isSqlite = IsSqlite(connectionString);
        if (isSqlite)
            services.AddPooledDbContextFactory<SqliteHubDb>(o => UseSqlite(o, connectionString));
        else
            services.AddPooledDbContextFactory<PostgresHubDb>(o => o.UseNpgsql(connectionString));
        services.AddSingleton(provider => isSqlite
            ? new HubDbFactory(provider.GetRequiredService<IDbContextFactory<SqliteHubDb>>().CreateDbContext, isSqlite, connectionString)
            : new HubDbFactory(provider.GetRequiredService<IDbContextFactory<PostgresHubDb>>().CreateDbContext, isSqlite, connectionString));
        services.AddScoped(provider => provider.GetRequiredService<HubDbFactory>().Create());
        services.AddSingleton<HubClock>();
        services.AddSingleton<CommitBell>();
        services.AddSingleton<HubStore>();
        return services;
    }

    /// <exception cref="ArgumentException">The text is no connection string of either provider.</exception>
    public static bool IsSqlite(string connectionString)
    {
        var parts = new DbConnectionStringBuilder { ConnectionString = connectionString };
        if (parts.ContainsKey("Data Source") || parts.ContainsKey("DataSource") || parts.ContainsKey("Filename"))
            return true;
        if (parts.ContainsKey("Host") || parts.ContainsKey("Server"))
            return false;
        throw new ArgumentException("ConnectionStrings:Voltaxe must begin with 'Data Source=' (SQLite) or 'Host=' (PostgreSQL)");
    }

    public static void UseSqlite(DbContextOptionsBuilder builder, string connectionString)
    {
        var parts = new SqliteConnectionStringBuilder(connectionString) { ForeignKeys = true, Pooling = true };
        builder.UseSqlite(parts.ToString()).AddInterceptors(DurableSqlite.Instance);
    }

    /// <summary>Every connection commits to the disk, not to its cache.</summary>
    private sealed class DurableSqlite : DbConnectionInterceptor
    {
        public static readonly DurableSqlite Instance = new();

        public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData) => Set(connection);

        public override Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
        {
            Set(connection);
            return Task.CompletedTask;
        }

        /// <summary>Connections of the pool that have it already: it is theirs until they are closed.</summary>
        private readonly ConditionalWeakTable<SQLitePCL.sqlite3, object> durable = [];

        private void Set(DbConnection connection)
        {
            var handle = ((SqliteConnection)connection).Handle!;
            if (durable.TryGetValue(handle, out _))
                return;
            using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA synchronous=FULL";
            command.ExecuteNonQuery();
            durable.AddOrUpdate(handle, durable);
        }
    }
}
