using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Voltaxe.Contracts.Json;

namespace Voltaxe.Agent.Platform.Linux.Forensics;

/// <summary>The processes as a tree: parents before children, with user, command line, start, and what the executable hashes to.</summary>
internal sealed class ProcessItems(string bootId, Mounts mounts, IReadOnlyDictionary<long, string> users, CancellationToken ct)
{
    private const int MaxCommandLineBytes = 64 * 1024;
    /// <summary>Larger executables, and what comes after so many bytes in all, are not hashed, and say so.</summary>
    private const long MaxHashedBytes = 512L * 1024 * 1024, MaxHashedBytesInAll = 8L * 1024 * 1024 * 1024;
    /// <summary>USER_HZ, which Linux has at 100 on every architecture that .NET runs on.</summary>
    private const double TicksPerSecond = 100;

    private readonly Dictionary<(string Device, ulong Inode), (string? Hash, string? WhyNot)> hashes = [];
    private readonly DateTimeOffset? boot = BootedAt();
    private long left = MaxHashedBytesInAll;
    private int hidden;

    public static void Collect(IEvidenceSink sink, string bootId, Mounts mounts, IReadOnlyDictionary<long, string> users, CancellationToken ct) =>
        sink.Add("processes.jsonl", "/proc/*/{stat,status,cmdline,exe,cwd}", "read from the kernel, parents before children; executables hashed through /proc/*/exe",
            new ProcessItems(bootId, mounts, users, ct).Write);

    private void Write(IEvidencePart part)
    {
        var all = LinuxProcessList.Pids().Select(ProcStat.Read).OfType<ProcStat>().ToDictionary(p => p.Pid);
        var children = all.Values.ToLookup(p => all.ContainsKey(p.Parent) && p.Parent != p.Pid ? p.Parent : 0);
        var next = new Stack<(ProcStat Process, int Depth)>(children[0].Reverse().Select(p => (p, 0)));
        while (next.TryPop(out var at))
        {
            ct.ThrowIfCancellationRequested();
            if (!part.TakeWhole(Json.Line(Describe(at.Process, at.Depth))))
                break;
            foreach (var child in children[at.Process.Pid].Reverse())
                next.Push((child, at.Depth + 1));
        }
        if (hidden > 0)
            part.Cut($"of {hidden} process(es) this user may not see everything");
    }

    private JsonObject Describe(ProcStat stat, int depth)
    {
        var entry = new JsonObject
        {
            ["pid"] = stat.Pid,
            ["ppid"] = stat.Parent,
            ["depth"] = depth,
            ["name"] = stat.Name,
            ["state"] = stat.State.ToString(),
            ["start_time"] = stat.StartTime(bootId),
            ["started_at"] = boot is { } b ? WireTime.ToText(WireTime.Truncate(b.AddSeconds(stat.StartTicks / TicksPerSecond))) : null,
            ["kernel"] = stat.IsKernelThread,
        };
        Try(entry, "uid", () => Owner(entry, stat.Pid));
        if (!stat.IsKernelThread)
        {
            Try(entry, "args", () => Arguments(entry, stat.Pid));
            Try(entry, "exe", () => Link(stat.Pid, "exe"));
            Try(entry, "cwd", () => Link(stat.Pid, "cwd"));
            Try(entry, "exe_sha256", () => HashExecutable(entry, stat.Pid));
        }
        return entry;
    }

    /// <summary>A field that this user may not read, or of a process that has just ended, says so in its place.</summary>
    private static void Try(JsonObject entry, string field, Func<JsonNode?> read)
    {
        try
        {
            entry[field] = read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            entry[field] = null;
            entry[field + "_error"] = e is UnauthorizedAccessException ? "not permitted" : "gone";
        }
    }

    private JsonNode Owner(JsonObject entry, int pid)
    {
        var line = File.ReadLines($"/proc/{pid}/status").First(l => l.StartsWith("Uid:", StringComparison.Ordinal));
        var uid = long.Parse(line.Split('\t')[1], CultureInfo.InvariantCulture);
        entry["user"] = users.GetValueOrDefault(uid);
        return uid;
    }

    /// <summary>Argument by argument: joined with blanks, nobody could tell one with a blank in it from two.</summary>
    private static JsonArray Arguments(JsonObject entry, int pid)
    {
        using var file = File.OpenRead($"/proc/{pid}/cmdline");
        var bytes = new byte[MaxCommandLineBytes + 1];
        var length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        if (length > MaxCommandLineBytes)
            entry["args_cut"] = $"after {MaxCommandLineBytes} bytes";
        var all = bytes.AsSpan(0, Math.Min(length, MaxCommandLineBytes));
        var arguments = new JsonArray();
        foreach (var range in (all is [.., 0] ? all[..^1] : all).Split((byte)0))
            arguments.Add((JsonNode)HostNames.Text(all[range]));
        entry["command_line"] = string.Join(' ', arguments.Select(a => (string)a!));
        return all.Length == 0 ? [] : arguments;
    }

    private static JsonNode? Link(int pid, string name) => new FileInfo($"/proc/{pid}/{name}").LinkTarget is { } target ? HostNames.Encode(target) : null;

    private JsonNode? HashExecutable(JsonObject entry, int pid)
    {
        using var file = HostFile.OpenExecutable(pid, mounts, out var miss);
        var (hash, whyNot) = file is null ? (null, miss!.Why) : HashOnce(file);
        hidden += miss?.What == Omission.Error ? 1 : 0;
        if (whyNot is not null)
            entry["exe_sha256_error"] = whyNot;
        return hash;
    }

    private (string? Hash, string? WhyNot) HashOnce(HostFile file)
    {
        var key = (file.Facts.Device, file.Facts.Inode);
        if (!hashes.TryGetValue(key, out var known))
            hashes[key] = known = Hash(file);
        return known;
    }

    private (string? Hash, string? WhyNot) Hash(HostFile file)
    {
        if (file.WhyNotRead is { } whyNot)
            return (null, whyNot);
        if (file.Facts.Size > Math.Min(MaxHashedBytes, left))
            return (null, $"not hashed: {file.Facts.Size} bytes");
        left -= file.Facts.Size;
        using var content = file.OpenContent();
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[128 * 1024];
        for (long offset = 0; offset < file.Facts.Size && RandomAccess.Read(content, buffer, offset) is var read and > 0; offset += read)
        {
            ct.ThrowIfCancellationRequested();
            sha.AppendData(buffer, 0, read);
        }
        return (Convert.ToHexStringLower(sha.GetCurrentHash()), null);
    }

    private static DateTimeOffset? BootedAt()
    {
        var line = File.ReadLines("/proc/stat").FirstOrDefault(l => l.StartsWith("btime ", StringComparison.Ordinal));
        return line is not null && long.TryParse(line[6..], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;
    }
}
