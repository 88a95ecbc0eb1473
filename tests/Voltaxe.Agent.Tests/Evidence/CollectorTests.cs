using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using Voltaxe.Agent.Execution;
using Voltaxe.Agent.Platform;
using Voltaxe.Agent.Platform.Linux;
using Voltaxe.Agent.Platform.Linux.Forensics;
using Voltaxe.Agent.Tests.Platform;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Wire;
using Voltaxe.Testing;
using Voltaxe.Testing.Processes;

namespace Voltaxe.Agent.Tests.Evidence;

/// <summary>The collectors on the host that the tests run on.</summary>
public sealed partial class CollectorTests : IDisposable
{
    private readonly Collecting collecting = new();

    public void Dispose() => collecting.Dispose();

    private static JsonElement Me(Unpacked unpacked) => unpacked.Lines("processes/processes.jsonl").Single(p => p.GetProperty("pid").GetInt32() == Environment.ProcessId);

    [NeedsFact(Needs.Linux)]
    public async Task The_process_list_contains_this_process_with_identity_user_start_and_what_it_hashes_to()
    {
        var unpacked = await collecting.CollectAsync("processes");
        var me = Me(unpacked);
        Assert.Equal(ProcStat.Read(Environment.ProcessId)!.StartTime(BootTime.ReadBootId()), me.GetProperty("start_time").GetString());
        Assert.Equal(Environment.ProcessPath, me.GetProperty("exe").GetString());
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Environment.ProcessPath!))), me.GetProperty("exe_sha256").GetString());
        Assert.Equal(Environment.UserName, me.GetProperty("user").GetString());
        using var current = System.Diagnostics.Process.GetCurrentProcess();
        Assert.InRange((me.GetProperty("started_at").GetDateTimeOffset() - current.StartTime.ToUniversalTime()).Duration(), TimeSpan.Zero, TimeSpan.FromSeconds(5));
        Assert.DoesNotContain(me.EnumerateObject(), p => p.Name.EndsWith("_error", StringComparison.Ordinal));
    }

    [NeedsFact(Needs.Linux)]
    public async Task Parents_stand_before_their_children_one_step_further_out()
    {
        using var child = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("sleep", "1000"))!;
        try
        {
            var all = (await collecting.CollectAsync("processes")).Lines("processes/processes.jsonl").ToList();
            int At(int pid) => all.FindIndex(p => p.GetProperty("pid").GetInt32() == pid);
            Assert.InRange(At(child.Id), At(Environment.ProcessId) + 1, all.Count);
            Assert.Equal(all[At(Environment.ProcessId)].GetProperty("depth").GetInt32() + 1, all[At(child.Id)].GetProperty("depth").GetInt32());
            Assert.Equal(all.Count, all.Select(p => p.GetProperty("pid").GetInt32()).Distinct().Count());
        }
        finally
        {
            Ending.Of(child);
        }
    }

    private static readonly string SleepHash = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Exec.Find("sleep")!)));

    private async Task<JsonElement> CollectedAsync(int pid) =>
        (await collecting.CollectAsync("processes")).Lines("processes/processes.jsonl").Single(p => p.GetProperty("pid").GetInt32() == pid);

    [NeedsFact(Needs.Linux | Needs.Python)]
    public async Task A_program_that_runs_from_memory_alone_is_hashed()
    {
        using var child = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("python3", ["-c",
            $"import os; f = os.memfd_create('implant'); os.write(f, open('{Exec.Find("sleep")}', 'rb').read()); os.execv(f'/proc/self/fd/{{f}}', ['kworker', '1000'])"]))!;
        try
        {
            await Eventually.TrueAsync(() => new FileInfo($"/proc/{child.Id}/exe").LinkTarget?.StartsWith("/memfd:", StringComparison.Ordinal) == true);
            var seen = await CollectedAsync(child.Id);
            Assert.Equal(SleepHash, seen.GetProperty("exe_sha256").GetString());
            Assert.Contains("memfd", seen.GetProperty("exe").GetString(), StringComparison.Ordinal);
        }
        finally
        {
            Ending.Of(child);
        }
    }

    [NeedsFact(Needs.Linux | Needs.Root)]
    public async Task A_program_on_a_file_system_that_was_detached_is_hashed()
    {
        var folder = Directory.CreateDirectory(Path.Combine(collecting.Temp, "detached")).FullName;
        // In a mount namespace of its own: nothing is mounted for this machine.
        using var child = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("unshare", ["-m", "sh", "-c",
            $"mount -t tmpfs none {folder} && cp {Exec.Find("sleep")} {folder}/implant && exec 3<{folder}/implant && umount -l {folder} && exec /proc/self/fd/3 1000"]))!;
        try
        {
            await Eventually.TrueAsync(() => File.ReadAllText($"/proc/{child.Id}/cmdline").Contains("1000", StringComparison.Ordinal) && File.ReadAllText($"/proc/{child.Id}/comm").Trim() == "3");
            Assert.Equal(SleepHash, (await CollectedAsync(child.Id)).GetProperty("exe_sha256").GetString());
        }
        finally
        {
            Ending.Of(child);
        }
    }

    [NeedsFact(Needs.Linux | Needs.Python)]
    public async Task Arguments_keep_their_borders_and_what_is_cut_of_them_is_said()
    {
        const string wait = "import time; time.sleep(1000)";
        using var odd = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("python3", ["-c", wait, "a b", "", "c\nd", "ä"]))!;
        using var raw = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("python3", ["-c", "import os; os.execv('/bin/sleep', [bytes([255]), b'1000'])"]))!;
        using var huge = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("python3", ["-c", wait, new string('x', 100_000)]))!;
        try
        {
            await Eventually.TrueAsync(() => File.ReadAllText($"/proc/{raw.Id}/comm").Trim() == "sleep" && File.ReadAllText($"/proc/{odd.Id}/cmdline").Contains('ä') && File.ReadAllText($"/proc/{huge.Id}/cmdline").Length > 100_000);
            var all = (await collecting.CollectAsync("processes")).Lines("processes/processes.jsonl").ToDictionary(p => p.GetProperty("pid").GetInt32());
            string[] Args(int pid) => [.. all[pid].GetProperty("args").EnumerateArray().Select(a => a.GetString()!)];
            Assert.Equal(["-c", wait, "a b", "", "c\nd", "ä"], Args(odd.Id)[1..]);
            Assert.Equal(["%FF", "1000"], Args(raw.Id));
            Assert.False(all[odd.Id].TryGetProperty("args_cut", out _));
            Assert.Equal("after 65536 bytes", all[huge.Id].GetProperty("args_cut").GetString());
        }
        finally
        {
            Ending.Of(odd);
            Ending.Of(raw);
            Ending.Of(huge);
        }
    }

    [NeedsFact(Needs.Linux)]
    public async Task A_program_that_was_deleted_while_it_runs_is_hashed_all_the_same()
    {
        var copy = Path.Combine(collecting.Temp, "implant");
        File.Copy(Exec.Find("sleep")!, copy);
        using var child = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(copy, "1000"))!;
        try
        {
            await Eventually.TrueAsync(() => new FileInfo($"/proc/{child.Id}/exe").LinkTarget == copy);
            var hash = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(copy)));
            File.Delete(copy);
            var unpacked = await collecting.CollectAsync("processes");
            var found = unpacked.Lines("processes/processes.jsonl").Single(p => p.GetProperty("pid").GetInt32() == child.Id);
            Assert.Equal((copy + " (deleted)", hash), (found.GetProperty("exe").GetString(), found.GetProperty("exe_sha256").GetString()));
        }
        finally
        {
            Ending.Of(child);
        }
    }

    [NeedsFact(Needs.Linux)]
    public async Task The_socket_list_contains_a_listener_of_this_process_with_its_owner()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var mine = (await collecting.CollectAsync("sockets")).Lines("sockets/sockets.jsonl")
            .Single(s => s.GetProperty("local").GetString() == listener.LocalEndpoint.ToString() && s.GetProperty("protocol").GetString() == "tcp");
        Assert.Equal(("listen", Environment.ProcessId), (mine.GetProperty("state").GetString(), mine.GetProperty("pid").GetInt32()));
    }

    [NeedsFact(Needs.Linux)]
    public async Task Every_collector_gives_something_or_says_why_not_and_every_hash_holds()
    {
        File.WriteAllText(Path.Combine(collecting.Temp, "file"), "x");
        // Without names: everything that the agent has, which is everything that can be asked for.
        var unpacked = await collecting.CollectAsync();
        Assert.Equal(CommandParams.Collectors, unpacked.Items.Select(i => i.GetProperty("name").GetString()!));
        Assert.Equal(CommandParams.Collectors, collecting.Forensics.Collectors);
        foreach (var always in (string[])["processes", "sockets", "users", "modules", "mounts", "temp_files", "network"])
            Assert.NotEqual("failed", unpacked.Status(always));
        foreach (var item in unpacked.Items)
        {
            Assert.Contains(item.GetProperty("status").GetString(), (string[])["complete", "partial", "failed"]);
            Assert.True(item.GetProperty("status").GetString() != "failed" || item.GetProperty("error").GetString()!.Length > 0);
            Assert.All(item.GetProperty("pieces").EnumerateArray(), p => Assert.True(p.GetProperty("how").GetString()!.Length > 0 && p.GetProperty("source").GetString()!.Length > 0));
        }
        var data = unpacked.Result.Data!.Value;
        Assert.Equal(CommandParams.Collectors.Count, data.GetProperty("asked").GetInt32());
        Assert.Equal(CommandParams.Collectors, data.GetProperty("items").EnumerateObject().Select(i => i.Name));
        Assert.Equal("e-1", data.GetProperty("evidence").GetProperty("evidence_id").GetString());
        Assert.Equal(unpacked.Item("mounts").GetProperty("bytes").GetInt64(), data.GetProperty("items").GetProperty("mounts").GetProperty("bytes").GetInt64());
    }

    [NeedsFact(Needs.Linux)]
    public async Task What_a_host_does_not_have_is_absent_and_not_invented()
    {
        var packages = (await collecting.CollectAsync("packages", "mounts")).Item("packages");
        foreach (var (program, source) in (ReadOnlySpan<(string, string)>)[("dpkg-query", "dpkg-query --show"), ("rpm", "rpm -qa"), ("pacman", "pacman -Q")])
        {
            var where = Exec.Find(program) is null ? "not_taken" : "pieces";
            Assert.Contains(packages.GetProperty(where).EnumerateArray(), p => p.GetProperty("source").GetString()!.StartsWith(source, StringComparison.Ordinal));
        }
    }

    [NeedsFact(Needs.Linux)]
    public async Task Start_files_and_accounts_are_found_and_password_hashes_are_left_alone()
    {
        var unpacked = await collecting.CollectAsync("users", "autoruns");
        Assert.Equal(File.ReadAllBytes("/etc/passwd"), unpacked.Content("users", "/etc/passwd"));
        Assert.Equal(File.ReadAllBytes("/etc/profile"), unpacked.Content("autoruns", "/etc/profile"));
        Assert.True(unpacked.Piece("autoruns", "/etc/ld.so.preload") is not null || unpacked.NotTaken("autoruns", "/etc/ld.so.preload") == "absent: not there");
        Assert.DoesNotContain("/etc/shadow", unpacked.Text("manifest.json"), StringComparison.Ordinal);
    }

    [NeedsFact(Needs.Root | Needs.NetNamespaces)]
    public async Task Mounts_are_those_of_the_hosts_first_process_and_not_what_a_unit_makes_of_them()
    {
        // As under a unit that has mounts of its own, the other way round: here the "first process" is the one that has them.
        using var child = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("unshare", ["--mount", "sh", "-c", $"mount -t tmpfs vtx-elsewhere {Shell.Quote(collecting.Temp)} && exec sleep 1000"]))!;
        using var end = new Ending(child);
        await Eventually.TrueAsync(() => File.ReadAllText($"/proc/{child.Id}/comm") == "sleep\n");
        collecting.Forensics = new LinuxForensics("b", collecting.Sources with { First = child.Id }, TimeProvider.System);
        var unpacked = await collecting.CollectAsync("mounts");
        foreach (var name in (string[])["mounts", "mountinfo"])
        {
            var source = $"/proc/{child.Id}/{name}";
            Assert.Contains("vtx-elsewhere", System.Text.Encoding.UTF8.GetString(unpacked.Content("mounts", source)), StringComparison.Ordinal);
            Assert.Equal($"read from the kernel, as process {child.Id} sees it", unpacked.Piece("mounts", source)!.Value.GetProperty("how").GetString());
        }
        Assert.Equal("complete", unpacked.Status("mounts"));
    }

    [NeedsFact(Needs.Linux)]
    public async Task Where_the_hosts_mounts_cannot_be_read_the_agents_own_are_taken_and_it_says_so()
    {
        const int nobody = int.MaxValue;
        collecting.Forensics = new LinuxForensics("b", collecting.Sources with { First = nobody }, TimeProvider.System);
        var unpacked = await collecting.CollectAsync("mounts");
        foreach (var name in (string[])["mounts", "mountinfo"])
        {
            var piece = unpacked.Piece("mounts", $"/proc/self/{name}")!.Value;
            Assert.StartsWith($"read from the kernel, as the agent itself sees it, because /proc/{nobody}/{name} cannot be read", piece.GetProperty("how").GetString(), StringComparison.Ordinal);
            Assert.InRange(piece.GetProperty("bytes").GetInt64(), 1, long.MaxValue);
        }
        Assert.Equal("complete", unpacked.Status("mounts"));
    }

    [NeedsFact(Needs.Root | Needs.NetNamespaces | Needs.Nft)]
    public async Task Firewall_rules_are_read_by_root()
    {
        var unpacked = await collecting.CollectAsync("firewall");
        Assert.Equal("taken", unpacked.Piece("firewall", "nft -a list ruleset")!.Value.GetProperty("status").GetString());
    }

    [NeedsFact(Needs.Root)]
    public async Task Without_rights_what_cannot_be_read_is_an_error_in_its_place_and_the_rest_is_there()
    {
        var secret = Path.Combine(collecting.Temp, "secret");
        File.WriteAllText(secret, "x");
        File.WriteAllText(Path.Combine(collecting.Temp, "open"), "y");
        Shell.Run("chmod", "600", secret);
        Shell.Run("chmod", "-R", "go+rX", Path.GetDirectoryName(collecting.Temp)!);
        Shell.Run("chmod", "600", secret);
        using var child = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("sleep", "1000"))!;
        using var end = new Ending(child);
        collecting.Forensics = new AsNobody(collecting.Forensics);
        var unpacked = await collecting.CollectAsync("temp_files", "processes", "sockets", "firewall", "users");
        Assert.Equal("error", unpacked.Piece("temp_files", secret)!.Value.GetProperty("status").GetString());
        Assert.Contains("ermission", unpacked.Piece("temp_files", secret)!.Value.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal("y"u8.ToArray(), unpacked.Content("temp_files", Path.Combine(collecting.Temp, "open")));
        Assert.Equal("partial", unpacked.Status("temp_files"));
        var roots = unpacked.Lines("processes/processes.jsonl").Single(p => p.GetProperty("pid").GetInt32() == child.Id);
        Assert.Equal(JsonValueKind.Null, roots.GetProperty("exe_sha256").ValueKind);
        Assert.Contains("ermission", roots.GetProperty("exe_sha256_error").GetString(), StringComparison.Ordinal);
        Assert.Equal(("partial", "partial"), (unpacked.Status("sockets"), unpacked.Status("processes")));
    }

    [NeedsFact(Needs.Linux)]
    public void Everything_is_read_by_a_thread_that_gives_way_and_so_does_what_it_starts()
    {
        var collected = "";
        var thread = new Thread(() =>
        {
            collecting.Forensics.GiveWay();
            new Exec().Pour(Exec.Find("sh")!, ["-c", "cat /proc/self/stat; ionice -p $$ 2>/dev/null || true"], b =>
            {
                collected += System.Text.Encoding.UTF8.GetString(b);
                return true;
            }, TimeSpan.FromSeconds(30), TimeProvider.System, default);
        });
        thread.Start();
        thread.Join();
        // The 19th field is the nice value.
        Assert.Equal("19", collected[(collected.LastIndexOf(") ", StringComparison.Ordinal) + 2)..].Split(' ')[16]);
        Assert.True(Exec.Find("ionice") is null || collected.Contains("idle", StringComparison.Ordinal));
        Assert.NotEqual(19, OwnNice());
    }

    private static int OwnNice() => int.Parse(File.ReadAllText("/proc/thread-self/stat").Split(") ")[^1].Split(' ')[16], System.Globalization.CultureInfo.InvariantCulture);

    [Theory]
    [InlineData("0100007F:1F90", "127.0.0.1:8080")]
    [InlineData("00000000000000000000000001000000:0016", "[::1]:22")]
    [InlineData("0000000000000000FFFF00000100007F:0050", "[::ffff:127.0.0.1]:80")]
    public void Addresses_of_the_kernel_are_read_right(string hex, string endPoint) => Assert.Equal(endPoint, SocketItems.EndPoint(hex));

    [Fact]
    public void Mounts_are_read_by_number_and_by_device()
    {
        var types = Mounts.Read(["36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue", "37 35 0:44 / /mnt3 rw - fuse.sshfs x rw", "nonsense"]);
        Assert.Equal(("ext3", "ext3", "fuse.sshfs"), (types["36"], types["98:0"], types["37"]));
        Assert.Equal((true, false, false), (Mounts.IsReal("ext3"), Mounts.IsReal("fuse.sshfs"), Mounts.IsReal(null)));
    }

    private sealed class Ending(System.Diagnostics.Process child) : IDisposable
    {
        public static void Of(System.Diagnostics.Process child)
        {
            child.Kill();
            child.WaitForExit();
        }

        public void Dispose() => Of(child);
    }

    /// <summary>Collects as the user nobody: rights are the thread's on Linux, and the raw call changes those of the calling thread alone.</summary>
    private sealed class AsNobody(IForensics inner) : IForensics
    {
        private const int Nobody = 65534;

        public IReadOnlyList<string> Collectors => inner.Collectors;

        public string GiveWay() => inner.GiveWay();

        public void Collect(string item, IEvidenceSink sink, CancellationToken ct)
        {
            SetUser(Nobody);
            try
            {
                inner.Collect(item, sink, ct);
            }
            finally
            {
                SetUser(0);
            }
        }

        private static void SetUser(int user)
        {
            // setresuid, of the effective user only: the real one is what it is changed back with.
            var number = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 147 : 117;
            Assert.Equal(0, Syscall(number, -1, user, -1));
        }
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Syscall(nint number, nint a, nint b, nint c);
}
