using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using Voltaxe.EndToEnd.Tests.Product;
using Voltaxe.Testing;
using Voltaxe.Testing.Databases;
using Voltaxe.Testing.Processes;
using Xunit.Abstractions;

namespace Voltaxe.EndToEnd.Tests.Starting;

/// <summary>Acceptance 40: whatever was killed at whichever moment of its start, the next one works, and nothing of the dead stops it.</summary>
public sealed partial class KilledStartTests(ITestOutputHelper output) : IDisposable
{
    private static readonly TimeSpan Promised = TimeSpan.FromSeconds(60);
    /// <summary>What changes the disk for good: a file's or a folder's sync, a new name, a page of the database.</summary>
    private const string Steps = "fsync,fdatasync,link,linkat,rename,renameat,renameat2,unlink,unlinkat,ftruncate";

    private readonly TempFolder folder = new("killed");

    public void Dispose() => folder.Dispose();

    /// <summary>strace counts for each thread by itself, and most of a start is one thread's: the numbers are spread over all of it.</summary>
    [NeedsFact(Needs.Strace)]
    public async Task A_command_line_killed_at_any_step_of_its_first_start_leaves_nothing_in_the_way()
    {
        int[] moments = [1, 2, 4, 6, 9, 12, 14, 15, 17];
        var killed = 0;
        await Parallel.ForEachAsync(moments, new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (step, _) =>
        {
            var data = folder.Folder("step-" + step.ToString(CultureInfo.InvariantCulture));
            var doomed = Hub(data, null, "enroll-token", "create").WithFault(FormattableString.Invariant($"{Steps}:signal=KILL:when={step}"), data + ".trace");
            await using (var first = ChildProcess.Start(doomed, "hub"))
            {
                if (await first.ExitAsync(Site.Patience) == 0)
                    return; // Not that many steps on one thread.
                Interlocked.Increment(ref killed);
            }
            var clock = Stopwatch.StartNew();
            await using var next = ChildProcess.Start(Hub(data, null, "token", "create", "--name", "ana", "--role", "admin"), "hub");
            Assert.True(await next.ExitAsync(Promised) == 0, $"after a kill at step {step}: {next.Output}");
            Assert.StartsWith("vtx_pat_", Assert.Single(next.StandardOutput), StringComparison.Ordinal);
            var half = Directory.EnumerateFiles(Path.Combine(data, "keys")).Select(Path.GetFileName).Except([".lock", "hub-id", "seal.key", "command.pem"]);
            Assert.Empty(half);
            Assert.Single(Directory.GetFiles(Path.Combine(data, "keys", "data-protection"), "key-*.xml"));
            output.WriteLine($"killed at step {step}: the next one took {clock.Elapsed.TotalSeconds:0.0} s");
        });
        Assert.InRange(killed, 5, moments.Length);
    }

    [NeedsTheory(Needs.Strace)]
    [InlineData(2)]
    [InlineData(9)]
    public async Task A_hub_killed_while_it_makes_its_database_serves_at_the_next_start(int page)
    {
        var data = folder.Folder("data");
        var doomed = Hub(data, null, "serve").WithFault(FormattableString.Invariant($"pwrite64:signal=KILL:when={page}"), data + ".trace");
        await using (var first = ChildProcess.Start(doomed, "hub"))
            Assert.NotEqual(0, await first.ExitAsync(Site.Patience));
        await using var hub = await HubProcess.StartAsync(data);
        Assert.True(await hub.IsReadyAsync());
    }

    /// <summary>EF Core's lock is a row: nobody takes away that of a process that was killed while it migrated.</summary>
    [Fact]
    public async Task The_migration_lock_of_a_dead_process_is_taken_away_and_the_log_says_so()
    {
        var data = folder.Folder("data");
        using (var database = new SqliteConnection($"Data Source={Path.Combine(data, "voltaxe.db")};Pooling=False"))
        {
            database.Open();
            using var command = database.CreateCommand();
            command.CommandText = """
                CREATE TABLE "__EFMigrationsLock" ("Id" INTEGER NOT NULL CONSTRAINT "PK___EFMigrationsLock" PRIMARY KEY, "Timestamp" TEXT NOT NULL);
                INSERT INTO "__EFMigrationsLock" VALUES (1, '2026-01-01 00:00:00');
                """;
            command.ExecuteNonQuery();
        }
        await using var hub = await HubProcess.StartAsync(data);
        await hub.Process.WaitForLineAsync(Forgot(), Site.Patience);
    }

    /// <summary>The lock of a living one is waited for, and the log says what for.</summary>
    [NeedsFact(Needs.Linux)]
    public async Task A_start_waits_for_the_one_that_is_under_way_and_says_so()
    {
        var data = folder.Folder("data");
        var holder = new FileStream(Path.Combine(data, "voltaxe.db.lock"), FileMode.Create, FileAccess.ReadWrite, FileShare.None);
        await using var hub = ChildProcess.Start(Hub(data, null, "serve"), "hub");
        await hub.WaitForLineAsync(Waiting(), Site.Patience);
        await holder.DisposeAsync();
        await hub.WaitForLineAsync(Waited(), Site.Patience);
        await hub.WaitForLineAsync(Started(), Site.Patience);
    }

    [NeedsTheory(Needs.Strace | Needs.Postgres)]
    [InlineData(6)]
    [InlineData(14)]
    [InlineData(20)]
    public async Task On_postgres_too_a_killed_start_stops_nobody(int packet)
    {
        var (data, database) = (folder.Folder("data"), PostgresCluster.Shared.NewDatabase());
        var doomed = Hub(data, database, "serve").WithFault(FormattableString.Invariant($"sendto,sendmsg:signal=KILL:when={packet}"), data + ".trace");
        await using (var first = ChildProcess.Start(doomed, "hub"))
        {
            // It serves when it has sent fewer on each of its threads.
            await Eventually.TrueAsync(() => first.HasExited || first.StandardOutput.Any(line => line.Contains("Application started", StringComparison.Ordinal)), Site.Patience);
            await first.KillAsync();
        }
        await using var hub = await HubProcess.StartAsync(data, database);
        Assert.True(await hub.IsReadyAsync());
    }

    [NeedsTheory(Needs.Postgres)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Three_that_start_at_once_on_nothing_have_one_set_of_keys_and_serve(bool onPostgres)
    {
        var (data, database) = (folder.Folder("data"), onPostgres ? PostgresCluster.Shared.NewDatabase() : null);
        var hubs = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => HubProcess.StartAsync(data, database)));
        try
        {
            var tokens = await Task.WhenAll(hubs.Select(hub => hub.EnrolmentTokenAsync()));
            Assert.Single(tokens.Select(token => token[(token.LastIndexOf('.') + 1)..]).Distinct());
            Assert.Single(Directory.GetFiles(Path.Combine(data, "keys", "data-protection"), "key-*.xml"));
            // What one makes, the others know; what an agent says at one is seen at the others.
            using var person = await hubs[0].OperatorAsync();
            for (var i = 0; i < hubs.Length; i++)
            {
                var wire = await Testing.Wire.WireIdentity.EnrolAsync(hubs[i].Http, tokens[i], $"web-0{i}");
                Assert.Equal(wire.AgentId, (await person.AgentAsync($"web-0{i}")).Id);
            }
        }
        finally
        {
            foreach (var hub in hubs)
                await hub.DisposeAsync();
        }
    }

    private static ChildStart Hub(string data, string? database, params string[] arguments) =>
        ChildStart.DotNet(SourceTree.Built("Voltaxe.Hub"), arguments).With("Voltaxe__DataDirectory", data).With("ConnectionStrings__Voltaxe", database).With("ASPNETCORE_URLS", "http://127.0.0.1:0") with { WorkingDirectory = data };

    [GeneratedRegex("locked for migrating by a process that died")]
    private static partial Regex Forgot();

    [GeneratedRegex("Waiting for another process that is about to bring the database's schema up to date")]
    private static partial Regex Waiting();

    [GeneratedRegex("Waited for another process to bring the database's schema up to date")]
    private static partial Regex Waited();

    [GeneratedRegex("Application started")]
    private static partial Regex Started();
}
