using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using Voltaxe.Contracts.Commands;
using Voltaxe.EndToEnd.Tests.Product;
using Voltaxe.Testing;
using Voltaxe.Testing.Processes;
using Xunit.Abstractions;

namespace Voltaxe.EndToEnd.Tests.Faults;

/// <summary>What a real agent collects and a real hub keeps, compared with what lay on the host.</summary>
public sealed class EvidenceTests(ITestOutputHelper output) : IDisposable
{
    private const int MiB = 1024 * 1024;

    /// <summary>For hundreds of megabytes, read by a thread that gives way to everything else.</summary>
    private static readonly TimeSpan LongPatience = TimeSpan.FromMinutes(5);

    /// <summary>What stands for the temporary folders of the host.</summary>
    private readonly TempFolder temp = new("temp");

    public void Dispose() => temp.Dispose();

    [NeedsFact(Needs.Linux)]
    public async Task A_collection_of_300_megabytes_goes_on_where_it_was_when_the_hub_is_killed_in_the_middle()
    {
        var clock = Stopwatch.StartNew();
        // Nothing that could be compressed: so much goes over the line, too.
        var wanted = new Dictionary<string, string>();
        foreach (var size in (int[])[180, 90, 40])
        {
            var path = temp.File($"{size}-MiB.bin");
            wanted.Add(path, Fill(path, size));
        }
        await using var site = await Site.StartAsync(settings: new Dictionary<string, string?>
        {
            ["Voltaxe__Evidence__MaxBytesPerCommand"] = $"{400 * MiB}",
            ["Voltaxe__Evidence__MaxBytesPerAgent"] = $"{400 * MiB}",
            ["Voltaxe__Evidence__FreeSpaceFloor"] = $"{MiB}",
        });
        await using var line = await LossyLine.ToAsync(site.Hub.Url);
        var agent = await site.EnrolAsync("web-01", through: line.Url);
        // Half of one piece is at the hub, and the other half on its way, when the hub is killed.
        var (stands, goesOn) = (new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        line.Midway = offset => offset >= 150L * MiB && stands.TrySetResult(offset) ? goesOn.Task : Task.CompletedTask;
        agent.Start(environment: new Dictionary<string, string?>
        {
            ["VOLTAXE_FORENSICS_TEMP_FOLDERS"] = temp.Root,
            ["VOLTAXE_FORENSICS_MAX_PART_MIB"] = "200",
            ["VOLTAXE_FORENSICS_MAX_ITEM_MIB"] = "400",
        });

        var order = await site.Operator.QueueAsync("web-01", CommandNames.CollectForensics, new { collect = new[] { "temp_files" } });
        var reached = await stands.Task.Within(LongPatience);
        var before = Assert.Single(await site.Operator.EvidenceOfAsync(order));
        Assert.Equal((reached, false), (before.Received, before.Complete));
        await site.Hub.KillAsync();
        goesOn.SetResult();
        output.WriteLine($"{clock.Elapsed.TotalSeconds:0.0} s: killed at {reached} of {before.Size} bytes");
        await site.Hub.StartAsync();

        var end = await site.Operator.UntilEndedAsync(order.Id, LongPatience);
        output.WriteLine($"{clock.Elapsed.TotalSeconds:0.0} s: {end.Status}");
        Assert.True(end.Status == CommandStatus.Executed, $"{end.Status}: {end.Result?.Message} {end.Result?.Data}");
        var evidence = Assert.Single(await site.Operator.EvidenceOfAsync(order));
        Assert.Equal((before.Id, before.Size, before.Sha256, true), (evidence.Id, evidence.Size, evidence.Sha256, evidence.Complete));
        Assert.InRange(evidence.Size, 300_000_000, long.MaxValue);
        var said = end.Result!.Data!.Value.GetProperty("evidence");
        Assert.Equal((evidence.Id, evidence.Size, evidence.Sha256), (said.GetProperty("evidence_id").GetString(), said.GetProperty("size").GetInt64(), said.GetProperty("sha256").GetString()));

        // Every byte was taken once, in order: what the hub had promised was not sent again.
        var taken = line.Pieces.Where(p => p.Answer == HttpStatusCode.NoContent).ToList();
        Assert.Equal(evidence.Size, taken.Aggregate(0L, (at, piece) => piece.Offset == at ? at + piece.Bytes : throw new InvalidOperationException($"a piece at {piece.Offset}, not at {at}")));
        var cut = line.Pieces.ToList().FindIndex(p => p.Answer is null);
        Assert.All(line.Pieces.Skip(cut), piece => Assert.InRange(piece.Offset, reached, evidence.Size));

        var copy = await EvidenceCopy.DownloadAsync(site.Operator.Http, evidence.Id);
        Assert.Equal((evidence.Size, evidence.Sha256), (copy.Size, copy.Sha256));
        foreach (var (path, sha256) in wanted)
            Assert.Equal(("taken", sha256), (copy.Piece("temp_files", path).GetProperty("status").GetString(), copy.Piece("temp_files", path).GetProperty("sha256").GetString()));
        Assert.Equal(wanted.Count + 1, copy.Names.Count);
        await Eventually.TrueAsync(() => agent.Evidence().Count == 0, Site.Patience, "nothing of it is left on the host");
        output.WriteLine($"{clock.Elapsed.TotalSeconds:0.0} s: downloaded and compared");
    }

    [NeedsFact(Needs.Linux)]
    public async Task What_a_hostile_user_leaves_to_be_collected_is_refused_or_capped_by_name_and_nothing_else_comes_along()
    {
        string[] odd = ["..%2F..%2F..%2Fetc%2Fcron.d%2Fx", "..\\..\\etc\\passwd", "a\n..\n..\netc", "..."];
        foreach (var name in odd)
            await File.WriteAllTextAsync(temp.File(name), name);
        File.CreateSymbolicLink(temp.File("notes.txt"), "/etc/shadow");
        File.CreateSymbolicLink(temp.File("etc"), "/etc");
        Shell.Run("mkfifo", temp.File("pipe"));
        await using (var sparse = File.Create(temp.File("huge")))
            sparse.SetLength(1L << 40);

        await using var site = await Site.StartAsync();
        var agent = await site.EnrolAsync("web-01");
        agent.Start(environment: new Dictionary<string, string?> { ["VOLTAXE_FORENSICS_TEMP_FOLDERS"] = temp.Root, ["VOLTAXE_FORENSICS_MAX_PART_MIB"] = "1" });
        var copy = await CollectedAsync(site, "temp_files");

        Assert.Equal("refused: a symbolic link to /etc/shadow: not followed", copy.NotTaken("temp_files", temp.File("notes.txt")));
        Assert.Equal("refused: a symbolic link to /etc: not followed", copy.NotTaken("temp_files", temp.File("etc")));
        Assert.Equal("refused: a pipe: not opened", copy.NotTaken("temp_files", temp.File("pipe")));
        var huge = copy.Piece("temp_files", temp.File("huge"));
        Assert.Equal(("cut", (long)MiB, "cut at the cap of 1048576 bytes for one piece"), (huge.GetProperty("status").GetString(), huge.GetProperty("bytes").GetInt64(), huge.GetProperty("cut").GetString()));
        foreach (var name in odd)
        {
            var source = temp.File(name.Replace("%", "%25", StringComparison.Ordinal).Replace("\n", "%0A", StringComparison.Ordinal));
            Assert.Equal(name, copy.Text(copy.Piece("temp_files", source)));
        }
        // The list of names, the files that have a content, and not one more; each where it belongs.
        Assert.Equal(1 + 1 + odd.Length, copy.Names.Count);
        Assert.All(copy.Names, name => Assert.Matches("^temp_files/[A-Za-z0-9_][A-Za-z0-9._-]*$", name));
    }

    [NeedsFact(Needs.Root | Needs.NetNamespaces)]
    public async Task An_agent_with_mounts_of_its_own_collects_those_of_its_host()
    {
        const string own = "vtx-own-mount";
        await using var site = await Site.StartAsync();
        var agent = await site.EnrolAsync("web-01");
        // As its unit makes it: what is mounted for it alone, the host does not have.
        agent.Start(start => start.Under("unshare", "--mount", "sh", "-c", $"mount -t tmpfs {own} {Shell.Quote(temp.Root)} && exec \"$@\"", "sh"));
        var copy = await CollectedAsync(site, "mounts");

        Assert.Contains(own, await File.ReadAllTextAsync($"/proc/{agent.Process.Id}/mounts"), StringComparison.Ordinal);
        foreach (var name in (string[])["mounts", "mountinfo"])
        {
            var piece = copy.Piece("mounts", $"/proc/1/{name}");
            Assert.Equal("read from the kernel, as process 1 sees it", piece.GetProperty("how").GetString());
            Assert.Contains(" /proc ", copy.Text(piece), StringComparison.Ordinal);
            Assert.DoesNotContain(own, copy.Text(piece), StringComparison.Ordinal);
        }
    }

    private static async Task<EvidenceCopy> CollectedAsync(Site site, string item)
    {
        var order = await site.Operator.QueueAsync("web-01", CommandNames.CollectForensics, new { collect = new[] { item } });
        var end = await site.Operator.UntilEndedAsync(order.Id, Site.Patience);
        Assert.True(end.Status == CommandStatus.Executed, $"{end.Status}: {end.Result?.Message} {end.Result?.Data}");
        var evidence = Assert.Single(await site.Operator.EvidenceOfAsync(order));
        var copy = await EvidenceCopy.DownloadAsync(site.Operator.Http, evidence.Id);
        Assert.Equal((evidence.Size, evidence.Sha256), (copy.Size, copy.Sha256));
        return copy;
    }

    /// <summary>A file of noise; what it hashes to.</summary>
    private static string Fill(string path, int mebibytes)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var file = File.Create(path);
        var noise = new byte[MiB];
        for (var i = 0; i < mebibytes; i++)
        {
            RandomNumberGenerator.Fill(noise);
            hash.AppendData(noise);
            file.Write(noise);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
