using System.Globalization;
using System.Net;

namespace Voltaxe.Agent.Platform.Linux;

/// <summary>
/// Ends the TCP connections of the host's other network namespaces: those of containers. No rule of the host's own namespace reaches their
/// sockets, and after a restore they would go on. It needs no right to enter a namespace: a copy of each socket is taken from the process
/// that holds it (pidfd_getfd), and the connection is reset through it.
/// </summary>
/// <param name="isOurs">Whether a namespace (as <c>/proc/PID/ns/net</c> names it) is one of this host's; null asks <see cref="WhyNotLooked"/>.</param>
public sealed class NamespaceSessions(Func<string, bool>? isOurs = null)
{
    private const int MaxTold = 8;

    /// <summary>What was done.</summary>
    /// <param name="Left">What could not be ended, in words; null when nothing is left.</param>
    /// <param name="NotLooked">Why other namespaces were not looked at; null: they were.</param>
    /// <param name="Ended">The ends of the connections that were ended.</param>
    public sealed record Done(string? Left, string? NotLooked, IReadOnlySet<IPEndPoint> Ended);

    /// <summary>Ends all but connections over a loopback.</summary>
    public Task<Done> EndAsync(CancellationToken ct) => Task.Run(() => End(ct), ct);

    private Done End(CancellationToken ct)
    {
        var own = NamespaceOf("self");
        if (isOurs is null && WhyNotLooked(own) is { } why)
            return new(null, why, new HashSet<IPEndPoint>());
        var unreadable = 0;
        var members = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pid in Pids())
        {
            if (NamespaceOf(pid, out var denied) is not { } name)
                unreadable += denied ? 1 : 0;
            else if (isOurs is null ? name != own : isOurs(name))
                members.TryAdd(name, pid);
        }
        var open = members.Values.SelectMany(ConnectionsOf).ToList();
        var fault = Reset([.. open.Select(c => c.Inode).Where(i => i != 0)], ct);
        var left = new List<string>();
        var remaining = new HashSet<IPEndPoint>();
        foreach (var pid in members.Values)
        {
            var still = ConnectionsOf(pid).ToList();
            remaining.UnionWith(still.Select(c => c.Local));
            if (still.Count > 0)
                left.Add($"{still.Count} connection(s) in the network namespace of process {pid} ({NameOf(pid)})");
        }
        if (unreadable > 0)
            left.Add($"the network namespaces of {unreadable} process(es) cannot be read");
        var text = left.Count == 0 ? null : string.Join(", ", left.Take(MaxTold)) + (left.Count > MaxTold ? $" and {left.Count - MaxTold} more" : "") + (fault is null ? "" : $": {fault}");
        return new(text, null, open.Select(c => c.Local).Where(l => !remaining.Contains(l)).ToHashSet());
    }

    /// <summary>An agent that itself runs in a container must not touch those of the machine around it.</summary>
    private static string? WhyNotLooked(string? own) => NamespaceOf("1") is not { } first ? "other network namespaces cannot be told apart: the agent lacks CAP_SYS_PTRACE"
        : own == first ? null : "the agent runs in a network namespace of its own, and answers for no other";

    /// <summary>Resets all of these, whoever holds them. What went wrong with the first that could not be, or null.</summary>
    private static string? Reset(HashSet<long> inodes, CancellationToken ct)
    {
        string? fault = null;
        if (inodes.Count == 0)
            return null;
        foreach (var pid in Pids())
        {
            ct.ThrowIfCancellationRequested();
            foreach (var (fd, inode) in SocketsOf(pid))
            {
                if (!inodes.Contains(inode))
                    continue;
                using var process = Native.OpenProcess(int.Parse(pid, CultureInfo.InvariantCulture));
                if (process is null)
                    break;
                var errno = Native.ResetConnection(process, fd);
                if (errno == 0)
                    inodes.Remove(inode);
                else
                    fault ??= $"errno {errno} for a socket of process {pid}{(errno == Native.NotPermitted ? " (needs CAP_SYS_PTRACE and the system call pidfd_getfd)" : "")}";
            }
        }
        return fault;
    }

    private static IEnumerable<(int Fd, long Inode)> SocketsOf(string pid)
    {
        string[] links;
        try
        {
            links = Directory.GetFileSystemEntries($"/proc/{pid}/fd");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has ended, or may not be read: then its connections are among those that remain.
            yield break;
        }
        foreach (var link in links)
        {
            if (LinkOf(link, out _) is { } target && target.StartsWith("socket:[", StringComparison.Ordinal)
                && long.TryParse(target["socket:[".Length..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var inode))
                yield return (int.Parse(Path.GetFileName(link), CultureInfo.InvariantCulture), inode);
        }
    }

    private static IEnumerable<ProcTcp> ConnectionsOf(string pid) => ((string[])["tcp", "tcp6"]).SelectMany(table =>
    {
        try
        {
            return ProcTcp.Read(File.ReadAllLines($"/proc/{pid}/net/{table}")).ToArray();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The process has ended meanwhile, or the namespace has no such family.
            return [];
        }
    });

    private static IEnumerable<string> Pids() => Directory.EnumerateDirectories("/proc").Select(p => Path.GetFileName(p)).Where(n => n.All(char.IsAsciiDigit));

    private static string? NamespaceOf(string pid) => NamespaceOf(pid, out _);

    /// <summary>Null also for a process that has ended, and is in none any more.</summary>
    private static string? NamespaceOf(string pid, out bool denied) => LinkOf($"/proc/{pid}/ns/net", out denied);

    private static string? LinkOf(string path, out bool denied)
    {
        denied = false;
        try
        {
            return new FileInfo(path).LinkTarget;
        }
        catch (IOException)
        {
            return null;
        }
        catch (UnauthorizedAccessException)
        {
            denied = true;
            return null;
        }
    }

    private static string NameOf(string pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/comm").Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "ended";
        }
    }
}
