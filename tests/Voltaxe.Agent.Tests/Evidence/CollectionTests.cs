using System.Text.Json;
using Voltaxe.Agent.Actions;
using Voltaxe.Agent.Configuration;
using Voltaxe.Agent.Evidence;
using Voltaxe.Agent.Execution.Ledgers;
using Voltaxe.Agent.Platform;
using Voltaxe.Agent.Tests.Execution;
using Voltaxe.Agent.Tests.Platform;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Wire;
using Voltaxe.Testing;

namespace Voltaxe.Agent.Tests.Evidence;

/// <summary>One archive, its caps, and what becomes of it, with sources that the test holds in its hands.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class CollectionTests : IDisposable
{
    private readonly Collecting collecting = new();
    private readonly HandSources sources = new();

    public CollectionTests() => collecting.Forensics = sources;

    public void Dispose() => collecting.Dispose();

    private static readonly byte[] Kilo = new byte[1024];

    private static void Give(IEvidenceSink sink, string name, int kilobytes) => sink.Add(name, name, "by the test", part =>
    {
        for (var i = 0; i < kilobytes && part.Take(Kilo); i++) { }
    });

    private static string Error(JsonElement item) => item.GetProperty("error").GetString()!;

    [Fact]
    public async Task An_item_that_breaks_off_says_so_and_does_not_take_the_others_with_it()
    {
        sources.Items["processes"] = (sink, _) => throw new IndexOutOfRangeException("a line that nobody expected");
        sources.Items["sockets"] = (sink, _) =>
        {
            sink.Add("half", "half", "by the test", part =>
            {
                part.Take("the beginning"u8);
                throw new IOException("the disk says no");
            });
            sink.Add("nothing", "nothing", "by the test", _ => throw new UnauthorizedAccessException("not yours"));
        };
        sources.Items["users"] = (sink, _) => Give(sink, "all.txt", 1);
        var unpacked = await collecting.CollectAsync("processes", "sockets", "users", "logs");
        Assert.Equal(("failed", "partial", "complete", "failed"), (unpacked.Status("processes"), unpacked.Status("sockets"), unpacked.Status("users"), unpacked.Status("logs")));
        Assert.Equal("a line that nobody expected", Error(unpacked.Item("processes")));
        Assert.Equal(("the beginning", "the disk says no"), (unpacked.Text("sockets/half"), Error(unpacked.Piece("sockets", "half")!.Value)));
        Assert.Equal("not yours", Error(unpacked.Piece("sockets", "nothing")!.Value));
        Assert.Equal("this agent does not collect it on this host", Error(unpacked.Item("logs")));
        Assert.Equal("collected 2 of 4 item(s), some in part", unpacked.Result.Message);
    }

    [Fact]
    public async Task When_nothing_could_be_collected_it_failed_and_nothing_is_uploaded_or_left()
    {
        sources.Items["processes"] = (sink, _) => sink.Omit("there", Omission.Error, "no");
        var result = await collecting.RunAsync(null, default, "processes");
        Assert.Equal(Outcome.Failed, result.Outcome);
        Assert.StartsWith("nothing_collected", result.Message, StringComparison.Ordinal);
        Assert.Equal("failed", result.Data!.Value.GetProperty("items").GetProperty("processes").GetProperty("status").GetString());
        Assert.Equal(0, collecting.Upload.Times);
        Assert.Empty(Directory.EnumerateFiles(collecting.Locker.Folder));
    }

    [Fact]
    public async Task Each_cap_cuts_and_is_named()
    {
        collecting.Limits = new EvidenceLimits { MaxPartBytes = 10 * 1024, MaxItemBytes = 25 * 1024, MaxBytes = 40 * 1024, MaxParts = 4 };
        sources.Items["processes"] = (sink, _) => Each(sink, 3, 20);
        sources.Items["sockets"] = (sink, _) => Each(sink, 3, 8);
        sources.Items["users"] = (sink, _) => Each(sink, 6, 0);
        var unpacked = await collecting.CollectAsync("processes", "sockets", "users");
        Assert.Equal([10, 10, 5, 8, 7, 0, 0, 0, 0, 0], unpacked.Files.Where(f => f.Key != "manifest.json").Select(f => f.Value.Length / 1024));
        string Cut(string item, string source) => unpacked.Piece(item, source)!.Value.GetProperty("cut").GetString()!;
        Assert.Equal("cut at the cap of 10240 bytes for one piece", Cut("processes", "1"));
        Assert.Equal("cut at the cap of 25600 bytes for one item", Cut("processes", "3"));
        Assert.Equal("cut at the cap of 40960 bytes for all", Cut("sockets", "2"));
        Assert.Equal("2 piece(s) left out: more than 4", Error(unpacked.Item("users")));
        Assert.All(unpacked.Items, i => Assert.Equal("partial", i.GetProperty("status").GetString()));

        static void Each(IEvidenceSink sink, int pieces, int kilobytes)
        {
            for (var i = 1; i <= pieces; i++)
                Give(sink, $"{i}", kilobytes);
        }
    }

    [Fact]
    public async Task A_line_is_never_torn_by_a_cap()
    {
        collecting.Limits = new EvidenceLimits { MaxPartBytes = 25 };
        sources.Items["processes"] = (sink, _) => sink.Add("lines", "lines", "by the test", part => { while (part.TakeWhole("ten bytes\n"u8)) { } });
        Assert.Equal("ten bytes\nten bytes\n", (await collecting.CollectAsync("processes")).Text("processes/lines"));
    }

    [Fact]
    public async Task An_item_that_takes_too_long_is_cut_short_and_the_next_is_still_collected_until_the_time_for_all_is_over()
    {
        var clock = new ManualClock();
        collecting.Time = clock;
        void Slow(IEvidenceSink sink, CancellationToken ct) => sink.Add("slow", "slow", "by the test", part =>
        {
            part.Take("begun"u8);
            while (true)
            {
                clock.Advance(TimeSpan.FromSeconds(10));
                ct.ThrowIfCancellationRequested();
            }
        });
        foreach (var item in (string[])["processes", "sockets", "users", "logs"])
            sources.Items[item] = Slow;
        var unpacked = await collecting.CollectAsync("processes", "sockets", "users", "logs");
        Assert.Equal("cut short: the 10 minutes for one item were over", Error(unpacked.Item("processes")));
        Assert.Equal("cut short: the 30 minutes for all were over", Error(unpacked.Item("users")));
        Assert.Equal("not collected: the 30 minutes for all were over", Error(unpacked.Item("logs")));
        Assert.Equal(("begun", "the time was over"), (unpacked.Text("sockets/slow"), unpacked.Piece("sockets", "slow")!.Value.GetProperty("cut").GetString()));
        Assert.Equal(["partial", "partial", "partial", "failed"], unpacked.Items.Select(i => i.GetProperty("status").GetString()!));
    }

    [NeedsFact(Needs.Linux)]
    public void A_program_that_does_not_end_is_ended_and_what_it_said_is_kept()
    {
        var clock = new ManualClock();
        var said = "";
        var cut = new Exec().Pour(Exec.Find("sh")!, ["-c", "echo so far; sleep 1000"], bytes =>
        {
            said += System.Text.Encoding.UTF8.GetString(bytes);
            clock.Advance(TimeSpan.FromSeconds(61));
            return true;
        }, TimeSpan.FromSeconds(60), clock, default);
        Assert.Equal(("so far\n", "it did not end within 60 s"), (said, cut));
    }

    [NeedsFact(Needs.Linux)]
    public void A_program_that_does_not_stop_talking_is_ended_when_enough_was_heard()
    {
        var heard = 0;
        Assert.Equal("it had more to say", new Exec().Pour(Exec.Find("yes")!, [], b => (heard += b.Length) < 100_000, TimeSpan.FromSeconds(60), TimeProvider.System, default));
        var failed = Assert.Throws<PlatformException>(() => new Exec().Pour(Exec.Find("sh")!, ["-c", "echo why >&2; exit 3"], _ => true, TimeSpan.FromSeconds(60), TimeProvider.System, default));
        Assert.Equal("exit code 3: why", failed.Message);
    }

    [NeedsFact(Needs.Linux)]
    public async Task The_archive_is_for_its_owner_alone_and_the_spool_is_gone()
    {
        sources.Items["processes"] = (sink, _) =>
        {
            Assert.All(Directory.EnumerateFiles(collecting.Locker.Folder), f => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(f)));
            Give(sink, "x", 1);
        };
        collecting.Upload.Instead = (evidence, _, _) =>
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(evidence.Path));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(collecting.Locker.Folder));
            Assert.Equal([".gz", ".json"], Directory.EnumerateFiles(collecting.Locker.Folder).Select(f => Path.GetExtension(f)).Order());
            return Task.CompletedTask;
        };
        var unpacked = await collecting.CollectAsync("processes");
        Assert.Equal("complete", unpacked.Status("processes"));
    }

    [Fact]
    public async Task A_crash_during_the_upload_does_not_collect_again_and_sends_the_same_archive()
    {
        var uid = Guid.CreateVersion7();
        sources.Items["processes"] = (sink, _) => Give(sink, $"taken-{sources.Times("processes")}", 1);
        collecting.Upload.Instead = (_, _, _) => throw new InvalidOperationException("here the process ends");
        await Assert.ThrowsAsync<InvalidOperationException>(() => collecting.RunAsync(uid, default, "processes"));
        collecting.Upload.Instead = null;
        var result = await collecting.RunAsync(uid, default, "processes");
        Assert.Equal((Outcome.Executed, 1), (result.Outcome, sources.Times("processes")));
        Assert.Equal("complete", new Unpacked(collecting.Upload.Bytes!, result).Status("processes"));
    }

    [Theory]
    [InlineData(".tar.gz"), InlineData(".json")]
    public async Task An_archive_that_is_not_as_it_was_sealed_is_collected_again(string ending)
    {
        var uid = Guid.CreateVersion7();
        sources.Items["processes"] = (sink, _) => Give(sink, "x", 1);
        collecting.Upload.Instead = (_, _, _) => throw new InvalidOperationException("here the process ends");
        await Assert.ThrowsAsync<InvalidOperationException>(() => collecting.RunAsync(uid, default, "processes"));
        File.AppendAllText(Path.Combine(collecting.Locker.Folder, uid + ending), "!");
        collecting.Upload.Instead = null;
        var result = await collecting.RunAsync(uid, default, "processes");
        Assert.Equal((Outcome.Executed, 2), (result.Outcome, sources.Times("processes")));
        Assert.Equal("complete", new Unpacked(collecting.Upload.Bytes!, result).Status("processes"));
    }

    [Fact]
    public async Task A_hub_that_refuses_makes_it_fail_with_the_hubs_words_and_the_archive_stays_for_a_while()
    {
        var uid = Guid.CreateVersion7();
        sources.Items["processes"] = (sink, _) => Give(sink, "x", 1);
        collecting.Upload.Instead = (_, stands, _) =>
        {
            stands(new UploadState(17, null));
            throw new EvidenceRefusedException("507 vault_full");
        };
        var result = await collecting.RunAsync(uid, default, "processes");
        Assert.Equal((Outcome.Failed, "not_stored: collected 1 of 1 item(s), and the hub did not take the archive: 507 vault_full"), (result.Outcome, result.Message));
        var data = result.Data!.Value;
        Assert.Equal(("not_stored", 17), (data.GetProperty("error").GetString(), data.GetProperty("evidence").GetProperty("uploaded").GetInt32()));
        Assert.Equal("complete", data.GetProperty("items").GetProperty("processes").GetProperty("status").GetString());

        collecting.Locker.Tidy(_ => Keep.ForNow);
        Assert.Equal(2, Directory.EnumerateFiles(collecting.Locker.Folder).Count());
        var later = new ManualClock(TimeProvider.System.GetUtcNow() + EvidenceLocker.Patience + TimeSpan.FromMinutes(1));
        new EvidenceLocker(collecting.Locker.Folder, later).Tidy(_ => Keep.ForNow);
        Assert.Empty(Directory.EnumerateFiles(collecting.Locker.Folder));
    }

    [Fact]
    public async Task A_hub_that_stays_away_until_the_run_limit_makes_it_fail_before_that_with_what_is_known()
    {
        var clock = new ManualClock();
        collecting.Time = clock;
        sources.Items["processes"] = (sink, _) => Give(sink, "x", 1);
        collecting.Upload.Instead = async (_, stands, ct) =>
        {
            stands(new UploadState(5, "connection refused"));
            clock.Advance(TimeSpan.FromMinutes(119));
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct);
        };
        var result = await collecting.RunAsync(null, default, "processes");
        Assert.Equal((Outcome.Failed, "timeout"), (result.Outcome, result.Data!.Value.GetProperty("error").GetString()));
        Assert.EndsWith("but the hub did not get the archive in time: connection refused", result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stop_of_the_agent_ends_collecting_and_uploading_at_once()
    {
        using var stop = new CancellationTokenSource();
        sources.Items["processes"] = (sink, ct) =>
        {
            stop.Cancel();
            ct.ThrowIfCancellationRequested();
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => collecting.RunAsync(null, stop.Token, "processes").Within());
        Assert.Equal(0, collecting.Upload.Times);
    }

    [Fact]
    public async Task The_next_collection_removes_what_the_last_ones_left()
    {
        StateFolder.Make(collecting.Locker.Folder);
        foreach (var name in (string[])[$"{Guid.NewGuid()}.tar.gz", $"{Guid.NewGuid()}.part", $"{Guid.NewGuid()}.part.spool", "what"])
            File.WriteAllText(Path.Combine(collecting.Locker.Folder, name), "old");
        sources.Items["processes"] = (sink, _) => Give(sink, "x", 1);
        await collecting.CollectAsync("processes");
        Assert.Equal(2, Directory.EnumerateFiles(collecting.Locker.Folder).Count());
    }

    [Fact]
    public void An_archive_is_kept_until_its_result_is_recorded_and_longer_only_where_the_hub_has_not_got_it()
    {
        var ledger = Ledger.New(Orders.Epoch).Comes(1, CommandNames.CollectForensics).Starts();
        Keep Of(Ledger l) => CollectForensics.WhatOf(l.Find(Orders.Uid(1)));
        Assert.Equal(Keep.Yes, Of(ledger));
        Assert.Equal((Keep.Yes, Keep.No), (Of(ledger.Ends(1)), Of(ledger.Ends(1).Recorded(1))));
        Assert.Equal(Keep.ForNow, Of(ledger.Ends(1, Outcome.Failed).Recorded(1)));
        Assert.Equal(Keep.No, CollectForensics.WhatOf(null));
    }

    [NeedsFact(Needs.Root)]
    public async Task A_disk_that_is_nearly_full_is_not_filled_up()
    {
        var disk = Directory.CreateDirectory(Path.Combine(collecting.State, "disk")).FullName;
        Assert.Equal(0, (await new Exec().RunAsync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", disk], null, default)).ExitCode);
        try
        {
            collecting.Locker = new EvidenceLocker(Path.Combine(disk, "evidence"), TimeProvider.System);
            sources.Items["processes"] = (sink, _) => Give(sink, "x", 1);
            var full = await collecting.RunAsync(null, default, "processes");
            Assert.Equal((Outcome.Failed, "no_space"), (full.Outcome, full.Data!.Value.GetProperty("error").GetString()));

            // Somebody else fills it while it is collected.
            collecting.Limits = new EvidenceLimits { MaxPartBytes = 512 * 1024 };
            sources.Items["processes"] = (sink, _) =>
            {
                File.WriteAllBytes(Path.Combine(disk, "other"), new byte[1_900_000]);
                sink.Add("noise", "noise", "by the test", part => part.Take(System.Security.Cryptography.RandomNumberGenerator.GetBytes(400_000)));
            };
            var filled = await collecting.RunAsync(null, default, "processes");
            Assert.Equal((Outcome.Failed, "no_space"), (filled.Outcome, filled.Data!.Value.GetProperty("error").GetString()));
            Assert.Empty(Directory.EnumerateFiles(collecting.Locker.Folder));
        }
        finally
        {
            await new Exec().RunAsync("umount", [disk], null, default);
        }
    }

    /// <summary>Items as the test says.</summary>
    private sealed class HandSources : IForensics
    {
        private readonly List<string> asked = [];

        public Dictionary<string, Action<IEvidenceSink, CancellationToken>> Items { get; } = [];
        public IReadOnlyList<string> Collectors => [.. Items.Keys];

        public string GiveWay() => "not in a test";

        public int Times(string item) => asked.Count(a => a == item);

        public void Collect(string item, IEvidenceSink sink, CancellationToken ct)
        {
            asked.Add(item);
            Items[item](sink, ct);
        }
    }
}
