using Microsoft.EntityFrameworkCore;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Tests.Transports;
using Voltaxe.Testing.Wire;

namespace Voltaxe.Hub.Tests.Evidence;

/// <summary>How evidence comes in, on every database.</summary>
[Collection(nameof(Hubs))]
public sealed class UploadTests(Hubs hubs)
{
    public static TheoryData<string> Databases => RunningHub.Databases;

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task A_file_comes_in_pieces_and_goes_on_where_it_was(string database)
    {
        var hub = await hubs.OnAsync(database);
        var host = await Collection.BeginAsync(hub, Hubs.NewHost());
        var content = Collection.Bytes(300_000);
        var ticket = await host.OfferAsync(content);
        Assert.Equal(0, ticket.Offset);
        Assert.Equal((204, 100_000L, null), await host.SendAsync(ticket.EvidenceId, 0, content[..100_000]));
        Assert.Equal(ticket with { Offset = 100_000 }, await host.OfferAsync(content, expected: 200));
        Assert.Equal((204, 100_000L, null), await host.SendAsync(ticket.EvidenceId, 100_000, []));
        Assert.Equal((204, 300_000L, null), await host.SendAsync(ticket.EvidenceId, 100_000, content[100_000..]));
        Assert.Equal(content, await File.ReadAllBytesAsync(host.FileOf(ticket.EvidenceId)));
        Assert.Equal(ticket with { Offset = 300_000 }, await host.OfferAsync(content, expected: 200));
        Assert.Equal((409, 300_000L, "wrong_offset"), await host.SendAsync(ticket.EvidenceId, 300_000, []));
        Assert.Contains($"agent:{host.Agent.Identity.AgentId} evidence_complete evidence:{ticket.EvidenceId} done", await hub.AuditAsync());
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task A_wrong_offset_takes_nothing_and_is_told_the_right_one(string database)
    {
        var host = await Collection.BeginAsync(await hubs.OnAsync(database), Hubs.NewHost());
        var content = Collection.Bytes(3_000);
        var (id, _) = await host.OfferAsync(content);
        Assert.Equal((409, 0L, "wrong_offset"), await host.SendAsync(id, 1_000, content[1_000..]));
        Assert.Equal((204, 1_000L, null), await host.SendAsync(id, 0, content[..1_000]));
        foreach (var wrong in new[] { 0, 999, 1_001, 3_000, long.MaxValue })
            Assert.Equal((409, 1_000L, "wrong_offset"), await host.SendAsync(id, wrong, content[..500]));
        Assert.Equal((204, 3_000L, null), await host.SendAsync(id, 1_000, content[1_000..]));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Bytes_that_are_not_what_was_announced_start_over(string database)
    {
        var hub = await hubs.OnAsync(database);
        var host = await Collection.BeginAsync(hub, Hubs.NewHost());
        var content = Collection.Bytes(2_000);
        var (id, _) = await host.OfferAsync(content);
        await host.SendAsync(id, 0, content[..1_000]);
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal((422, 0L, "hash_mismatch"), await host.SendAsync(id, i == 0 ? 1_000 : 0, Collection.Bytes(i == 0 ? 1_000 : 2_000)));
            Assert.Equal(0, (await host.OfferAsync(content, expected: 200)).Offset);
        }
        Assert.Single(await hub.AuditAsync(), line => line.EndsWith($"evidence_mismatch evidence:{id} refused", StringComparison.Ordinal));
        Assert.Equal((204, 2_000L, null), await host.SendAsync(id, 0, content));
        Assert.Equal(content, await File.ReadAllBytesAsync(host.FileOf(id)));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Another_file_of_the_same_name_discards_the_part_and_keeps_what_was_complete(string database)
    {
        var hub = await hubs.OnAsync(database);
        var host = await Collection.BeginAsync(hub, Hubs.NewHost());
        var (first, second, third) = (Collection.Bytes(2_000), Collection.Bytes(1_500), Collection.Bytes(1_500));
        var part = await host.OfferAsync(first);
        await host.SendAsync(part.EvidenceId, 0, first[..1_000]);

        var whole = await host.OfferAsync(second);
        Assert.Equal(0, whole.Offset);
        Assert.False(File.Exists(host.FileOf(part.EvidenceId)));
        Assert.Equal((404, null, "not_found"), await host.SendAsync(part.EvidenceId, 1_000, first[1_000..]));
        Assert.Equal((204, 1_500L, null), await host.SendAsync(whole.EvidenceId, 0, second));

        var next = await host.OfferAsync(third);
        Assert.Equal((204, 1_500L, null), await host.SendAsync(next.EvidenceId, 0, third));
        using var desk = await Desk.OfAsync(hub);
        var listed = (await desk.GetAsync($"/api/v1/evidence?command={host.Command.Id}"))["items"]!.AsArray();
        Assert.Equal([(next.EvidenceId, true), (whole.EvidenceId, false)],
            listed.Select(e => (e!["id"]!.GetValue<string>(), e["replaced_at"] is null)).OrderByDescending(e => e.Item2));
        Assert.Equal(second, await desk.Http.GetByteArrayAsync($"/api/v1/evidence/{whole.EvidenceId}"));
        Assert.Equal(third, await desk.Http.GetByteArrayAsync($"/api/v1/evidence/{next.EvidenceId}"));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Only_ones_own_collection_that_is_under_way_takes_evidence(string database)
    {
        var hub = await hubs.OnAsync(database);
        var host = await Collection.BeginAsync(hub, Hubs.NewHost());
        var other = await Collection.BeginAsync(hub, Hubs.NewHost());
        var isolated = await Collection.BeginAsync(hub, Hubs.NewHost(), CommandNames.NetworkIsolate);
        using var desk = await Desk.OfAsync(hub);
        var waiting = await desk.CollectAsync(host.Command.Host);
        var content = Collection.Bytes(100);
        var (id, _) = await host.OfferAsync(content);
        var before = await Dump.OfAsync(hub);

        Assert.Equal("not_found", await other.RefusedOfferAsync(404, uid: host.Command.Uid));
        Assert.Equal("not_found", await other.RefusedOfferAsync(404, uid: Guid.NewGuid()));
        Assert.Equal("not_a_collection", await isolated.RefusedOfferAsync(409));
        Assert.Equal("not_delivered", await host.RefusedOfferAsync(409, uid: waiting.Uid));
        Assert.Equal((404, null, "not_found"), await other.SendAsync(id, 0, content));
        foreach (var nonsense in new[] { "x", "e-" + new string('0', 32), "..%2Fkeys%2Fseal.key", id.ToUpperInvariant() })
            Assert.Equal(404, (await host.SendAsync(nonsense, 0, content)).Status);
        Assert.Equal(before, await Dump.OfAsync(hub));

        await host.SendAsync(id, 0, content[..50]);
        await host.EndAsync();
        Assert.Equal("already_ended", await host.RefusedOfferAsync(409));
        Assert.Equal((409, 50L, "already_ended"), await host.SendAsync(id, 50, content[50..]));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task What_became_unknown_may_still_bring_its_evidence(string database)
    {
        var hub = await hubs.OnAsync(database);
        var host = await Collection.BeginAsync(hub, Hubs.NewHost());
        host.Agent.LoseJournal();
        await host.Client.SyncAsync();
        using var desk = await Desk.OfAsync(hub);
        Assert.Equal(CommandStatus.Unknown, (await desk.CommandAsync(host.Command.Id)).Status);
        await host.BringAsync(Collection.Bytes(500));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task More_than_was_announced_or_than_a_body_may_hold_is_not_taken(string database)
    {
        var host = await Collection.BeginAsync(await hubs.OnAsync(database), Hubs.NewHost());
        var content = Collection.Bytes(1_000);
        var (id, _) = await host.OfferAsync(content);
        Assert.Equal((413, 0L, "too_large"), await host.SendAsync(id, 0, [.. content, 1]));
        Assert.Equal((413, 0L, "too_large"), await host.SendAsync(id, 0, new StreamContent(new Endless(content.Length + 1))));
        Assert.Equal((204, 1_000L, null), await host.SendAsync(id, 0, content));

        var large = Collection.Bytes(AgentRoutes.MaxUploadBytes + 1);
        (id, _) = await host.OfferAsync(large, "large.bin");
        Assert.Equal(413, (await host.SendAsync(id, 0, large)).Status);
        Assert.Equal((413, 0L, "too_large"), await host.SendAsync(id, 0, new StreamContent(new Endless(large.Length))));
        Assert.Equal((204, AgentRoutes.MaxUploadBytes, null), await host.SendAsync(id, 0, large[..^1]));
        Assert.Equal((204, large.Length, null), await host.SendAsync(id, AgentRoutes.MaxUploadBytes, large[^1..]));
    }

    [Fact]
    public async Task Two_uploads_of_one_file_do_not_mix()
    {
        var host = await Collection.BeginAsync(await hubs.OnAsync("sqlite"), Hubs.NewHost());
        var content = Collection.Bytes(200_000);
        var (id, _) = await host.OfferAsync(content);
        var slow = new Halting(content[..100_000]);
        var first = host.SendAsync(id, 0, new StreamContent(slow));
        await Testing.Eventually.TrueAsync(() => File.Exists(host.FileOf(id)) && new FileInfo(host.FileOf(id)).Length > 0);
        Assert.Equal((503, null, "upload_busy"), await host.SendAsync(id, 0, content));
        slow.GoOn();
        Assert.Equal((204, 100_000L, null), await first);
        Assert.Equal((204, 200_000L, null), await host.SendAsync(id, 100_000, content[100_000..]));
    }

    [Fact]
    public async Task A_body_that_breaks_off_promises_nothing()
    {
        var hub = await hubs.OnAsync("sqlite");
        var host = await Collection.BeginAsync(hub, Hubs.NewHost());
        var content = Collection.Bytes(200_000);
        var (id, _) = await host.OfferAsync(content);
        await host.SendAsync(id, 0, content[..50_000]);
        var broken = new Halting(content[50_000..150_000]);
        var sending = host.SendAsync(id, 50_000, new StreamContent(broken));
        await Testing.Eventually.TrueAsync(() => new FileInfo(host.FileOf(id)).Length > 50_000);
        broken.BreakOff();
        await Assert.ThrowsAnyAsync<Exception>(() => sending);
        Assert.Equal(50_000, (await host.OfferAsync(content, expected: 200)).Offset);
        // The hub may take a moment to notice; until then the file is another upload's.
        await Testing.Eventually.TrueAsync(async () => await host.SendAsync(id, 50_000, content[50_000..]) is (204, 200_000L, null));
        Assert.Equal(content, await File.ReadAllBytesAsync(host.FileOf(id)));
    }

    [Fact]
    public async Task The_vault_is_for_the_hub_alone_and_its_names_are_the_hubs_own()
    {
        var hub = await hubs.OnAsync("sqlite");
        var host = await Collection.BeginAsync(hub, Hubs.NewHost());
        var id = await host.BringAsync(Collection.Bytes(10), "passwd");
        Assert.Matches("^e-[0-9a-f]{32}$", id);
        var file = new FileInfo(host.FileOf(id));
        Assert.True(file.Exists);
        if (OperatingSystem.IsWindows())
            return;
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, file.UnixFileMode);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, file.Directory!.UnixFileMode);
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Rows_that_contradict_themselves_are_refused_by_the_database(string database)
    {
        var hub = await hubs.OnAsync(database);
        var host = await Collection.BeginAsync(hub, Hubs.NewHost());
        var (id, _) = await host.OfferAsync(Collection.Bytes(10));
        foreach (var set in new[] { "received = 11", "received = -1", "received = 10", "completed_at = created_at", "replaced_at = created_at", "size = 0", "sha256 = 'short'" })
        {
            var sql = $"UPDATE evidence SET {set} WHERE id = '{id}'";
            var refused = await Assert.ThrowsAnyAsync<Exception>(() => hub.ReadAsync(db => db.Database.ExecuteSqlRawAsync(sql)));
            Assert.Contains("constraint", refused.Message, StringComparison.OrdinalIgnoreCase);
        }
        var orphaned = await Assert.ThrowsAnyAsync<Exception>(() => hub.ReadAsync(db => db.Database.ExecuteSqlAsync($"DELETE FROM pending_commands WHERE id = {host.Command.Id}")));
        Assert.Contains("constraint", orphaned.Message, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>So many bytes, and no word before of how many.</summary>
    private sealed class Endless(long count) : Body
    {
        private long left = count;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var taken = (int)Math.Min(left, buffer.Length);
            left -= taken;
            return ValueTask.FromResult(taken);
        }
    }

    /// <summary>Gives what it has and then waits for a word, with the last byte still to come.</summary>
    private sealed class Halting(byte[] content) : Body
    {
        private readonly TaskCompletionSource go = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int at;

        public void GoOn() => go.SetResult();

        public void BreakOff() => go.SetException(new IOException("the cable was pulled"));

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (at >= content.Length - 1)
                await go.Task.WaitAsync(cancellationToken);
            var taken = Math.Min(buffer.Length, at < content.Length - 1 ? content.Length - 1 - at : content.Length - at);
            content.AsMemory(at, taken).CopyTo(buffer);
            at += taken;
            return taken;
        }
    }

    private abstract class Body : Stream
    {
        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override void Flush() => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
