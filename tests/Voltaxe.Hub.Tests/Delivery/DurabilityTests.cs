using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Voltaxe.Hub.Persistence;

namespace Voltaxe.Hub.Tests.Delivery;

/// <summary>What is promised is on the disk: every connection commits to it, the first and those that come back from the pool.</summary>
public sealed class DurabilityTests
{
    private const string Full = "2";

    [Fact]
    public async Task Every_connection_of_SQLite_commits_to_the_disk()
    {
        await using var queue = await Queue.OpenAsync(null);
        for (var round = 0; round < 3; round++)
        {
            var open = Enumerable.Range(0, 4).Select(_ => queue.Get<HubDbFactory>().Create()).ToList();
            foreach (var db in open)
            {
                await db.Database.OpenConnectionAsync();
                Assert.Equal((Full, "wal", "1"), (await AskAsync(db, "synchronous"), await AskAsync(db, "journal_mode"), await AskAsync(db, "foreign_keys")));
            }
            foreach (var db in open)
                await db.DisposeAsync();
            if (round == 1)
                SqliteConnection.ClearAllPools(); // Those that come now are new ones.
        }
    }

    private static async Task<string?> AskAsync(HubDb db, string pragma)
    {
        await using var command = db.Database.GetDbConnection().CreateCommand();
        command.CommandText = "PRAGMA " + pragma;
        return (await command.ExecuteScalarAsync())?.ToString();
    }
}
