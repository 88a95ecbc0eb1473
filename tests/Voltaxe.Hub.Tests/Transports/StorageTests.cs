using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Voltaxe.Contracts.Commands;
using Voltaxe.Testing;
using Voltaxe.Testing.Processes;
using Voltaxe.Testing.Wire;

namespace Voltaxe.Hub.Tests.Transports;

/// <summary>A database that cannot be written is said to be so; nothing is shown as queued that is not on the disk.</summary>
public sealed class StorageTests
{
    private readonly string host = Hubs.NewHost();

    [TinyDiskFact]
    public async Task On_a_full_disk_an_order_is_answered_503_and_queues_nothing()
    {
        using var disk = new TinyDisk();
        await using var hub = await RunningHub.StartAsync(settings: ("ConnectionStrings:Voltaxe", $"Data Source={Path.Combine(disk.Root, "voltaxe.db")}"));
        using var desk = await Desk.OfAsync(hub);
        await using var seed = new SeedAgent(hub.Http, host, (await hub.LegacyAgentAsync(host)).Token);
        var before = await desk.CollectAsync(host);
        await desk.GetAsync("/readyz");

        var filler = Path.Combine(disk.Root, "filler");
        Shell.TryRun("dd", "if=/dev/zero", "of=" + filler, "bs=4096");
        // What lies free inside the file may still be used up; then nothing more fits.
        var accepted = new List<long> { before.Id };
        JsonNode? refused = null;
        for (var i = 0; i < 2_000 && refused is null; i++)
        {
            using var answer = await desk.PostAsync("/api/v1/commands", new JsonObject
            {
                ["command"] = "collect_forensics", ["reason"] = new string('x', 500), ["hosts"] = new JsonArray(host),
            });
            var text = await answer.Content.ReadAsStringAsync();
            if ((int)answer.StatusCode == 202)
                accepted.Add(JsonNode.Parse(text)!["commands"]![0]!["id"]!.GetValue<long>());
            else
                refused = JsonNode.Parse(await Desk.AnswerOf(answer, 503));
        }
        Assert.Equal("urn:voltaxe:problem:storage_unavailable", refused?["type"]?.GetValue<string>());
        await Eventually.TrueAsync(async () => (int)(await hub.Http.GetAsync("/readyz")).StatusCode == 503);
        Assert.Equal(200, (int)(await hub.Http.GetAsync("/healthz")).StatusCode);
        Assert.Equal(accepted.Order(), await IdsAsync(hub));
        using (var again = await desk.PostAsync("/api/isolate", new JsonObject { ["hostname"] = host }))
            await Desk.AnswerOf(again, 503);

        File.Delete(filler);
        await Eventually.TrueAsync(async () => (int)(await hub.Http.GetAsync("/readyz")).StatusCode == 200);
        var after = await desk.IsolateAsync(host);
        Assert.Equal([.. accepted.Order(), after.Id], await IdsAsync(hub));
        Assert.Equal(after.Id, (await seed.NextAsync())!.Id);
    }

    [NeedsFact(Needs.Postgres)]
    public async Task A_database_that_turned_read_only_is_answered_503_until_it_can_be_written_again()
    {
        await using var hub = await RunningHub.StartAsync("postgres");
        using var desk = await Desk.OfAsync(hub);
        await hub.LegacyAgentAsync(host);
        await desk.GetAsync("/readyz");
        await ReadOnlyAsync(true);
        await Eventually.TrueAsync(async () => (int)(await hub.Http.GetAsync("/readyz")).StatusCode == 503);
        using (var answer = await desk.PostAsync("/api/v1/commands", new JsonObject { ["command"] = "network_isolate", ["reason"] = "because it must be", ["hosts"] = new JsonArray(host) }))
            Assert.Contains("urn:voltaxe:problem:storage_unavailable", await Desk.AnswerOf(answer, 503), StringComparison.Ordinal);
        Assert.Empty(await IdsAsync(hub));
        await ReadOnlyAsync(false);
        await Eventually.TrueAsync(async () => (int)(await hub.Http.GetAsync("/readyz")).StatusCode == 200);
        Assert.Equal(CommandStatus.Pending, (await desk.IsolateAsync(host)).Status);

        // As a standby is after its primary went away: connections are cut, and new ones cannot write.
        async Task ReadOnlyAsync(bool readOnly)
        {
            var settings = new NpgsqlConnectionStringBuilder(hub.Connection);
            var name = settings.Database!;
            settings.Database = "postgres";
            await using var connection = new NpgsqlConnection(settings.ToString());
            await connection.OpenAsync();
            await using var command = new NpgsqlCommand(
                $"ALTER DATABASE {name} SET default_transaction_read_only = {(readOnly ? "on" : "off")}; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'", connection);
            await command.ExecuteNonQueryAsync();
        }
    }

    private Task<List<long>> IdsAsync(RunningHub hub) => hub.ReadAsync(db => db.Commands.Where(c => c.Hostname == host).Select(c => c.Id).Order().ToListAsync());
}

/// <summary>A disk of sixteen megabytes that is gone with the test.</summary>
internal sealed class TinyDisk : IDisposable
{
    private readonly TempFolder folder = new("disk");
    private readonly IDisposable will;

    public TinyDisk()
    {
        will = LastWill.Add($"umount -l {Shell.Quote(folder.Root)} 2>/dev/null");
        Shell.Run("mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", folder.Root);
    }

    /// <summary>Why there can be none here, or null.</summary>
    public static string? Missing { get; } = Machine.WhatIsMissing(Needs.Linux | Needs.Root)
        ?? (Shell.TryRun("unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt").ExitCode == 0 ? null : "This machine lacks the right to mount a disk in memory");

    public string Root => folder.Root;

    public void Dispose()
    {
        Shell.Run("umount", "-l", folder.Root);
        will.Dispose();
        folder.Dispose();
    }
}

/// <summary>Skipped, with the reason, where no disk in memory can be mounted.</summary>
public sealed class TinyDiskFactAttribute : FactAttribute
{
    public TinyDiskFactAttribute() => Skip = TinyDisk.Missing;
}
