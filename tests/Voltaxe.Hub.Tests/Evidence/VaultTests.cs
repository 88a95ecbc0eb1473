using Microsoft.EntityFrameworkCore;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Agents;
using Voltaxe.Hub.Delivery;
using Voltaxe.Hub.Evidence;
using Voltaxe.Hub.Pipeline;
using Voltaxe.Hub.Security;
using Voltaxe.Hub.Tests.Transports;
using Voltaxe.Testing;

namespace Voltaxe.Hub.Tests.Evidence;

/// <summary>What happens to evidence when limits, disks, hubs and time end.</summary>
public sealed class VaultTests
{
    public static TheoryData<string> Databases => RunningHub.Databases;

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task A_hub_that_died_goes_on_from_what_it_had_promised(string database)
    {
        await using var hub = await RunningHub.StartAsync(database);
        var host = await Collection.BeginAsync(hub, "web-01");
        var content = Collection.Bytes(10_000);
        var (id, _) = await host.OfferAsync(content);
        await host.SendAsync(id, 0, content[..4_000]);
        // It was written, and the hub died before it was promised.
        await File.AppendAllBytesAsync(host.FileOf(id), Collection.Bytes(9_000));
        await using var again = await hub.RestartAsync();
        Assert.Equal(4_000, (await host.OfferAsync(content, expected: 200)).Offset);
        Assert.Equal((204, 6_000L, null), await host.SendAsync(id, 4_000, content[4_000..6_000]));
        Assert.Equal(content[..6_000], await File.ReadAllBytesAsync(host.FileOf(id)));

        // And what a disk lost is asked for again, not made up.
        await File.WriteAllBytesAsync(host.FileOf(id), content[..2_500]);
        Assert.Equal((409, 2_500L, "wrong_offset"), await host.SendAsync(id, 6_000, content[6_000..]));
        Assert.Equal(2_500, (await host.OfferAsync(content, expected: 200)).Offset);
        Assert.Equal((204, 10_000L, null), await host.SendAsync(id, 2_500, content[2_500..]));
        Assert.Equal(content, await File.ReadAllBytesAsync(host.FileOf(id)));
    }

    [Fact]
    public async Task A_file_that_vanished_begins_anew()
    {
        await using var hub = await RunningHub.StartAsync();
        var host = await Collection.BeginAsync(hub, "web-01");
        var content = Collection.Bytes(1_000);
        var (id, _) = await host.OfferAsync(content);
        await host.SendAsync(id, 0, content[..400]);
        File.Delete(host.FileOf(id));
        Assert.Equal((409, 0L, "wrong_offset"), await host.SendAsync(id, 400, content[400..]));
        Assert.Equal((204, 1_000L, null), await host.SendAsync(id, 0, content));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task One_node_goes_on_where_another_began(string database)
    {
        await using var hub = await RunningHub.StartAsync(database);
        await using var other = await hub.AnotherAsync();
        var host = await Collection.BeginAsync(hub, "web-01");
        var content = Collection.Bytes(3_000);
        var (id, _) = await host.OfferAsync(content);
        Assert.Equal((204, 1_000L, null), await host.SendAsync(id, 0, content[..1_000], to: other));
        Assert.Equal((204, 2_000L, null), await host.SendAsync(id, 1_000, content[1_000..2_000]));
        Assert.Equal((204, 3_000L, null), await host.SendAsync(id, 2_000, content[2_000..], to: other));
        using var desk = await Desk.OfAsync(hub);
        Assert.Equal(content, await desk.Http.GetByteArrayAsync($"/api/v1/evidence/{id}"));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task No_command_and_no_agent_fills_the_vault(string database)
    {
        await using var hub = await RunningHub.StartAsync(database, settings:
        [
            ("Voltaxe:Evidence:MaxFilesPerCommand", "2"), ("Voltaxe:Evidence:MaxBytesPerCommand", "1000"), ("Voltaxe:Evidence:MaxBytesPerAgent", "1500"),
        ]);
        var host = await Collection.BeginAsync(hub, "web-01");
        Assert.Equal("evidence_limit", await host.RefusedOfferAsync(413, 1_001));
        var (part, _) = await host.OfferAsync(600, Collection.HashOf([1]), "a");
        Assert.Equal("evidence_limit", await host.RefusedOfferAsync(413, 401, "b"));
        // What it takes the place of does not count; what is refused leaves the part as it was.
        await host.SendAsync(part, 0, new byte[100]);
        Assert.Equal("evidence_limit", await host.RefusedOfferAsync(413, 1_001, "a"));
        Assert.Equal(100, (await host.OfferAsync(600, Collection.HashOf([1]), "a", 200)).Offset);
        await host.OfferAsync(1_000, Collection.HashOf([2]), "a");
        await host.OfferAsync(500, Collection.HashOf([2]), "a");
        await host.OfferAsync(500, Collection.HashOf([3]), "b");
        Assert.Equal("evidence_limit", await host.RefusedOfferAsync(413, 1, "c"));

        // An ended command has only what came; so much is left for the agent's next.
        var second = await host.AgainAsync();
        Assert.Equal("evidence_limit", await second.RefusedOfferAsync(413, 501));
        await host.EndAsync();
        await second.OfferAsync(1_000, Collection.HashOf([4]));
        var other = await Collection.BeginAsync(hub, "web-02");
        await other.OfferAsync(1_000, Collection.HashOf([5]));
    }

    [Fact]
    public async Task Where_the_disk_has_no_room_nothing_is_taken()
    {
        await using var hub = await RunningHub.StartAsync();
        var host = await Collection.BeginAsync(hub, "web-01");
        var content = Collection.Bytes(1_000);
        var (id, _) = await host.OfferAsync(content);
        await using var full = await hub.AnotherAsync(settings: ("Voltaxe:Evidence:FreeSpaceFloor", (1L << 60).ToString(System.Globalization.CultureInfo.InvariantCulture)));
        Assert.Equal((507, 0L, "vault_full"), await host.SendAsync(id, 0, content, to: full));
        Assert.Equal(0, (await host.OfferAsync(content, expected: 200)).Offset);
        var there = await Collection.BeginAsync(full, "web-02");
        Assert.Equal("vault_full", await there.RefusedOfferAsync(507));
    }

    [Fact]
    public async Task A_vault_that_cannot_be_written_says_so_and_loses_nothing()
    {
        await using var hub = await RunningHub.StartAsync();
        var host = await Collection.BeginAsync(hub, "web-01");
        var content = Collection.Bytes(1_000);
        var (id, _) = await host.OfferAsync(content);
        Directory.CreateDirectory(host.FileOf(id)); // Even root cannot write to a folder.
        Assert.Equal((503, null, "vault_unavailable"), await host.SendAsync(id, 0, content));
        Directory.Delete(host.FileOf(id));
        Assert.Equal((204, 1_000L, null), await host.SendAsync(id, 0, content));
    }

    [Fact]
    public async Task A_vault_that_is_away_takes_nothing_and_goes_on_when_it_is_back()
    {
        await using var hub = await RunningHub.StartAsync();
        var host = await Collection.BeginAsync(hub, "web-01");
        var content = Collection.Bytes(1_000);
        var (id, _) = await host.OfferAsync(content);
        await host.SendAsync(id, 0, content[..500]);
        var vault = Path.Combine(hub.DataFolder, "vault");
        Directory.Move(vault, vault + "-away");
        Assert.Equal((503, null, "vault_unavailable"), await host.SendAsync(id, 500, content[500..]));
        Assert.Equal("vault_unavailable", await host.RefusedOfferAsync(503, 10, "another"));
        Assert.Equal(500, (await host.OfferAsync(content, expected: 200)).Offset);
        // What was begun is replaced in the rows only together with its place in the vault.
        Assert.Equal("vault_unavailable", await host.RefusedOfferAsync(503, 10));
        Directory.Move(vault + "-away", vault);
        Assert.Equal((204, 1_000L, null), await host.SendAsync(id, 500, content[500..]));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Evidence_goes_with_its_command_and_not_before(string database)
    {
        var clock = new ManualClock(TimeProvider.System.GetUtcNow());
        await using var hub = await RunningHub.StartAsync(database, database == "postgres" ? null : clock, ("Voltaxe:Retention", "30.00:00:00"));
        var host = await Collection.BeginAsync(hub, "web-01");
        var id = await host.BringAsync(Collection.Bytes(100));
        await host.EndAsync();
        var kept = await Collection.BeginAsync(hub, "web-02");
        var keptId = await kept.BringAsync(Collection.Bytes(100));
        var (keeper, sweeper) = (hub.Get<EvidenceKeeper>(), hub.Get<Sweeper>());
        await hub.SendAsync(new RevokeAgent.Request(host.Agent.Identity.AgentId, new Caller("boss", Role.Admin)));
        Assert.Equal((0, 0), await keeper.SweepOnceAsync(default));

        await AgeAsync(31);
        Assert.Equal((1, 0), await keeper.SweepOnceAsync(default));
        Assert.False(File.Exists(host.FileOf(id)));
        Assert.True(File.Exists(kept.FileOf(keptId)));
        Assert.Equal([keptId], await hub.ReadAsync(db => db.Evidence.Select(e => e.Id).ToListAsync()));
        Assert.Contains("hub evidence_deleted evidence done", await hub.AuditAsync());

        // Time stands in the rows: on PostgreSQL the clock is the server's.
        async Task AgeAsync(int days)
        {
            if (database == "postgres")
                await hub.TamperAsync($"UPDATE pending_commands SET finished_at = finished_at - make_interval(days => {days}) WHERE id = {host.Command.Id}");
            else
                clock.StepWallClock(clock.GetUtcNow().AddDays(days));
        }
    }

    [Fact]
    public async Task A_command_is_swept_only_after_its_evidence()
    {
        var clock = new ManualClock(TimeProvider.System.GetUtcNow());
        await using var hub = await RunningHub.StartAsync(clock: clock, settings: [("Voltaxe:Retention", "10.00:00:00"), ("Voltaxe:Evidence:Retention", "20.00:00:00")]);
        var host = await Collection.BeginAsync(hub, "web-01");
        var id = await host.BringAsync(Collection.Bytes(100));
        await host.EndAsync();
        var (keeper, sweeper) = (hub.Get<EvidenceKeeper>(), hub.Get<Sweeper>());
        foreach (var (days, evidence, commands) in new[] { (9, 1, 1), (6, 1, 1), (6, 0, 0) })
        {
            clock.StepWallClock(clock.GetUtcNow().AddDays(days));
            await keeper.SweepOnceAsync(default);
            await sweeper.SweepOnceAsync(default);
            Assert.Equal((evidence, commands, evidence == 1), (await hub.ReadAsync(db => db.Evidence.CountAsync()), await hub.ReadAsync(db => db.Commands.CountAsync()), File.Exists(host.FileOf(id))));
        }
    }

    [Fact]
    public async Task Files_that_no_row_tells_of_are_removed_when_they_are_old_and_others_files_never()
    {
        await using var hub = await RunningHub.StartAsync();
        var host = await Collection.BeginAsync(hub, "web-01");
        var id = await host.BringAsync(Collection.Bytes(100));
        var (old, young, foreign) = ("e-" + new string('1', 32), "e-" + new string('2', 32), "notes.txt");
        foreach (var name in new[] { old, young, foreign })
            await File.WriteAllTextAsync(host.FileOf(name), "x");
        foreach (var name in new[] { id, old, foreign })
            File.SetLastWriteTimeUtc(host.FileOf(name), TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(-8));
        Assert.Equal((0, 1), await hub.Get<EvidenceKeeper>().SweepOnceAsync(default));
        Assert.Equal((true, false, true, true), (File.Exists(host.FileOf(id)), File.Exists(host.FileOf(old)), File.Exists(host.FileOf(young)), File.Exists(host.FileOf(foreign))));
    }

    [Fact]
    public async Task A_revoked_agent_sends_nothing_more_and_what_it_sent_stays()
    {
        await using var hub = await RunningHub.StartAsync();
        var host = await Collection.BeginAsync(hub, "web-01");
        var content = Collection.Bytes(1_000);
        var id = await host.BringAsync(content);
        var (part, _) = await host.OfferAsync(content, "part");
        await hub.SendAsync(new RevokeAgent.Request(host.Agent.Identity.AgentId, new Caller("boss", Role.Admin)));
        Assert.Equal(401, (await host.SendAsync(part, 0, content)).Status);
        using var desk = await Desk.OfAsync(hub, Role.Responder);
        Assert.Equal(CommandStatus.Unknown, (await desk.CommandAsync(host.Command.Id)).Status);
        Assert.Equal(content, await desk.Http.GetByteArrayAsync($"/api/v1/evidence/{id}"));
    }

    [Fact]
    public void Limits_that_contradict_each_other_refuse_the_start()
    {
        var refused = Assert.Throws<HubConfigurationException>(() => HubApplication.Build([], builder =>
        {
            builder.Configuration["Voltaxe:Evidence:MaxFilesPerCommand"] = "0";
            builder.Configuration["Voltaxe:Evidence:MaxBytesPerAgent"] = "5";
            builder.Configuration["Voltaxe:Evidence:FreeSpaceFloor"] = "-1";
            builder.Configuration["Voltaxe:Evidence:Retention"] = "00:00:01";
            builder.Configuration["Voltaxe:Evidence:OrphanGrace"] = "00:00:01";
            builder.Configuration["Voltaxe:Evidence:Directory"] = " ";
        }));
        Assert.Equal(["Directory", "FreeSpaceFloor", "MaxBytesPerAgent", "MaxFilesPerCommand", "OrphanGrace", "Retention"],
            refused.Faults.Select(f => f.Split(' ')[0].Split(':')[^1]).Order(StringComparer.Ordinal));
    }
}
