using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;
using Voltaxe.Agent.Configuration;
using Voltaxe.Agent.Platform;
using Voltaxe.Agent.Platform.Linux.Forensics;
using Voltaxe.Agent.Tests.Platform;
using Voltaxe.Testing;
using Voltaxe.Testing.Processes;

namespace Voltaxe.Agent.Tests.Evidence;

/// <summary>What anyone with an account may leave in a temporary folder for whoever collects it.</summary>
public sealed class HostileFilesTests : IDisposable
{
    private readonly Collecting collecting = new();

    public void Dispose()
    {
        // .NET cannot delete what it cannot name.
        Shell.Run("rm", "-rf", Temp);
        collecting.Dispose();
    }

    private string Temp => collecting.Temp;

    /// <summary>In the test's folder, by a shell: .NET cannot say all names.</summary>
    private void Sh(string line) => Shell.Run("bash", "-c", $"cd {Shell.Quote(Temp)} && {line}");

    private Task<Unpacked> CollectAsync() => collecting.CollectAsync("temp_files");

    [NeedsFact(Needs.Linux)]
    public async Task A_link_to_a_secret_is_listed_with_its_target_and_not_followed()
    {
        Sh("ln -s /etc/shadow harmless.txt && ln -s /proc/kcore memory && ln -s /proc/self/fd/0 magic && echo plain > plain.txt");
        var unpacked = await CollectAsync();
        Assert.Equal("refused: a symbolic link to /etc/shadow: not followed", unpacked.NotTaken("temp_files", $"{Temp}/harmless.txt"));
        Assert.Equal("refused: a symbolic link to /proc/kcore: not followed", unpacked.NotTaken("temp_files", $"{Temp}/memory"));
        Assert.StartsWith("refused: a symbolic link to /proc/self/fd/0", unpacked.NotTaken("temp_files", $"{Temp}/magic"), StringComparison.Ordinal);
        Assert.Equal("plain\n"u8.ToArray(), unpacked.Content("temp_files", $"{Temp}/plain.txt"));
        Assert.Equal(3, unpacked.Files.Count);
        Assert.Contains(unpacked.Lines("temp_files/listing.jsonl"), l => l.GetProperty("type").GetString() == "symbolic link" && l.GetProperty("target").GetString() == "/etc/shadow");
        // A link has no content that could be missing.
        Assert.Equal("complete", unpacked.Status("temp_files"));
    }

    [NeedsFact(Needs.Linux)]
    public async Task A_folder_that_is_a_link_is_not_entered_and_a_path_through_one_is_not_opened()
    {
        Sh("ln -s /etc there && mkdir here && echo x > here/file && ln -s here again");
        var unpacked = await CollectAsync();
        Assert.Equal("refused: a symbolic link to /etc: not followed", unpacked.NotTaken("temp_files", $"{Temp}/there"));
        Assert.Single(unpacked.Lines("temp_files/listing.jsonl"), l => l.GetProperty("path").GetString()!.EndsWith("/file", StringComparison.Ordinal));
        using var through = HostFile.Open($"{Temp}/there/hostname", new Mounts(), out var miss);
        Assert.Null(through);
        Assert.Contains("symbolic link", miss!.Why, StringComparison.Ordinal);
    }

    [NeedsFact(Needs.Linux)]
    public async Task A_pipe_that_nobody_writes_to_and_a_socket_are_refused_and_do_not_hang()
    {
        Sh("mkfifo pipe");
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(Path.Combine(Temp, "s")));
        var unpacked = await CollectAsync();
        Assert.Equal("refused: a pipe: not opened", unpacked.NotTaken("temp_files", $"{Temp}/pipe"));
        Assert.Equal("refused: a socket: not opened", unpacked.NotTaken("temp_files", $"{Temp}/s"));
    }

    [NeedsFact(Needs.Root)]
    public async Task A_device_is_refused_unopened()
    {
        Sh("mknod zero c 1 5 && mknod disk b 7 250");
        var unpacked = await CollectAsync();
        Assert.Equal("refused: a character device: not opened", unpacked.NotTaken("temp_files", $"{Temp}/zero"));
        Assert.Equal("refused: a block device: not opened", unpacked.NotTaken("temp_files", $"{Temp}/disk"));
    }

    [NeedsTheory(Needs.Linux)]
    [InlineData("/proc/kcore"), InlineData("/proc/1/environ"), InlineData("/proc/version"), InlineData("/sys/kernel/uevent_seqnum")]
    public void What_the_kernel_makes_up_is_no_file(string path)
    {
        using var file = HostFile.Open(path, new Mounts(), out var miss);
        // Not every kernel has every one of them.
        if (!File.Exists(path))
            Assert.Equal(Omission.Absent, miss!.What);
        else
            Assert.Contains("which holds no files of this host", file!.WhyNotRead, StringComparison.Ordinal);
    }

    [NeedsFact(Needs.Linux)]
    public async Task A_file_of_a_tebibyte_of_nothing_is_cut_at_the_cap_and_not_read_to_its_end()
    {
        Sh("truncate -s 1T huge");
        collecting.Limits = new EvidenceLimits { MaxPartBytes = 3 * EvidenceLimits.MiB };
        var watch = Stopwatch.StartNew();
        var unpacked = await CollectAsync();
        var piece = unpacked.Piece("temp_files", $"{Temp}/huge")!.Value;
        Assert.Equal(("cut", 3 * EvidenceLimits.MiB, 1L << 40), (piece.GetProperty("status").GetString(), piece.GetProperty("bytes").GetInt64(), piece.GetProperty("facts").GetProperty("source_bytes").GetInt64()));
        Assert.Equal(0, piece.GetProperty("facts").GetProperty("source_allocated_bytes").GetInt64());
        Assert.Contains("the cap of 3145728 bytes for one piece", piece.GetProperty("cut").GetString(), StringComparison.Ordinal);
        Assert.Equal("partial", unpacked.Status("temp_files"));
        // A tebibyte takes minutes at best.
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(60));
    }

    [NeedsFact(Needs.Linux)]
    public async Task Names_never_become_paths_and_are_told_encoded()
    {
        Sh("""
            echo 1 > $'a\nb'; echo 2 > $'\e[31mred'; echo 3 > $'\xff\xfe'; echo 4 > '..dots'; echo 5 > '-rf'; echo 6 > '100%'; echo 7 > '..\..\..\windows'; echo 8 > '<script>'
            echo 9 > 'manifest.json'; echo 10 > 'MANIFEST.JSON'; mkdir -p '...'; echo 11 > '.../manifest.json'; echo 12 > $'\u202egnp.exe'; echo 13 > $(printf 'n%.0s' {1..255})
            """);
        var unpacked = await CollectAsync();
        string[] sources =
        [
            "a%0Ab", "%1B[31mred", "%FF%FE", "..dots", "-rf", "100%25", "..\\..\\..\\windows", "<script>", "manifest.json", "MANIFEST.JSON", ".../manifest.json", "%E2%80%AEgnp.exe", new string('n', 255),
        ];
        for (var i = 0; i < sources.Length; i++)
            Assert.Equal($"{i + 1}\n", System.Text.Encoding.UTF8.GetString(unpacked.Content("temp_files", $"{Temp}/{sources[i]}")));
        Assert.Equal(unpacked.Files.Count, unpacked.Files.Keys.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.Equal("complete", unpacked.Status("temp_files"));
        Assert.All(unpacked.Text("manifest.json"), c => Assert.True(c is '\n' or (>= ' ' and < '\x7f')));
        // And a program that is not ours unpacks it to where it belongs.
        File.WriteAllBytes(Path.Combine(collecting.State, "a.tar.gz"), collecting.Upload.Bytes!);
        var target = Directory.CreateDirectory(Path.Combine(collecting.State, "unpacked")).FullName;
        Shell.Run("tar", "-xzf", Path.Combine(collecting.State, "a.tar.gz"), "-C", target);
        Assert.Equal(unpacked.Files.Count, Directory.EnumerateFiles(target, "*", SearchOption.AllDirectories).Count());
    }

    [NeedsFact(Needs.Linux)]
    public async Task The_agents_own_folder_is_not_collected()
    {
        collecting.Forensics = new LinuxForensics("b", collecting.Sources with { TempFolders = [Path.GetDirectoryName(collecting.State)!] }, TimeProvider.System);
        File.WriteAllText(Path.Combine(collecting.State, "agent.key"), "secret");
        File.WriteAllText(Path.Combine(Temp, "other"), "seen");
        var unpacked = await CollectAsync();
        Assert.Equal("refused: the agent's own state folder", unpacked.NotTaken("temp_files", collecting.State));
        Assert.DoesNotContain("agent.key", unpacked.Text("manifest.json") + unpacked.Text("temp_files/listing.jsonl"), StringComparison.Ordinal);
        Assert.NotNull(unpacked.Piece("temp_files", $"{Temp}/other"));
    }

    [NeedsFact(Needs.Linux)]
    public async Task A_file_that_grows_while_it_is_read_ends_at_the_cap()
    {
        collecting.Limits = new EvidenceLimits { MaxPartBytes = EvidenceLimits.MiB };
        using var stop = new CancellationTokenSource();
        var path = Path.Combine(Temp, "growing");
        File.WriteAllBytes(path, new byte[EvidenceLimits.MiB]);
        var growing = Task.Run(() =>
        {
            using var file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
            while (!stop.IsCancellationRequested && file.Length < 256 * EvidenceLimits.MiB)
                file.Write(new byte[64 * 1024]);
        });
        var unpacked = await CollectAsync();
        await stop.CancelAsync();
        await growing;
        Assert.InRange(unpacked.Content("temp_files", path).Length, 1, (int)EvidenceLimits.MiB);
    }

    [NeedsFact(Needs.Linux)]
    public async Task A_thousand_folders_deep_is_an_end_and_not_a_crash()
    {
        Sh("d=deep; for i in {1..40}; do mkdir $d; echo $i > $d/file; d=$d/d; done");
        var unpacked = await CollectAsync();
        Assert.Equal("partial", unpacked.Status("temp_files"));
        Assert.Contains(unpacked.Item("temp_files").GetProperty("not_taken").EnumerateArray(), n => n.GetProperty("why").GetString()!.Contains("folders deep", StringComparison.Ordinal));
    }

    [NeedsFact(Needs.Linux)]
    public async Task An_empty_folder_is_looked_at_and_one_that_is_not_there_is_absent()
    {
        var empty = await CollectAsync();
        Assert.Equal(("complete", ""), (empty.Status("temp_files"), empty.Text("temp_files/listing.jsonl")));
        Directory.Delete(Temp);
        var absent = await collecting.CollectAsync("temp_files", "mounts");
        Assert.Equal(("failed", "absent: not there"), (absent.Status("temp_files"), absent.NotTaken("temp_files", Temp)));
        Assert.Equal("this host has nothing of it", absent.Item("temp_files").GetProperty("error").GetString());
    }

    [NeedsFact(Needs.Linux)]
    public async Task Only_what_changed_lately_is_taken_and_the_rest_is_listed()
    {
        Sh("echo old > old && echo new > new");
        // The change time of an inode cannot be set back: with a span of nothing, everything is old.
        collecting.Forensics = new LinuxForensics("b", collecting.Sources with { Recent = TimeSpan.FromDays(-1) }, TimeProvider.System);
        var unpacked = await CollectAsync();
        Assert.Equal(["manifest.json", "temp_files/listing.jsonl"], unpacked.Files.Keys.Order());
        Assert.Equal(2, unpacked.Lines("temp_files/listing.jsonl").Count());
    }

    [NeedsFact(Needs.Linux | Needs.Python)]
    public async Task Thousands_of_refusals_are_counted_and_the_result_stays_small()
    {
        collecting.Limits = new EvidenceLimits { MaxParts = 100 };
        Sh("""python3 -c "import os; [os.symlink('/etc/shadow', 'l' * 200 + str(i)) for i in range(1500)]; [open('f' + str(i), 'w').write('x') for i in range(150)]" """);
        var unpacked = await CollectAsync();
        var item = unpacked.Item("temp_files");
        Assert.Equal((100, 1400), (item.GetProperty("not_taken").GetArrayLength(), item.GetProperty("not_taken_not_listed").GetInt32()));
        Assert.Equal(1500, item.GetProperty("counts").GetProperty("refused").GetInt32());
        Assert.Equal(("partial", "51 piece(s) left out: more than 100"), (unpacked.Status("temp_files"), item.GetProperty("error").GetString()));
        Assert.InRange(unpacked.Result.Data!.Value.GetRawText().Length, 1, 16 * 1024);
    }
}
