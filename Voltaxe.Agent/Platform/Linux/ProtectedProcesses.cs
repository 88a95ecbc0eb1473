using System.Globalization;
using Voltaxe.Agent.Platform.Linux.Forensics;

namespace Voltaxe.Agent.Platform.Linux;

/// <summary>
/// Which processes are not ended, by who they are and never by what they call themselves: the first process, kernel threads, the agent and
/// those that it descends from, and what runs an executable that <c>agent.conf</c> lists.
/// </summary>
/// <param name="executables">Paths; compared by device and inode, so that another name or a copy beside it changes nothing.</param>
public sealed class ProtectedProcesses(IReadOnlyList<string> executables)
{
    /// <summary>Why a process is not ended, or null. For many processes: <see cref="Now"/>.</summary>
    public string? WhyNot(ProcStat process) => Now()(process);

    /// <summary>The same for every process of one list, with what they have in common looked up once.</summary>
    public Func<ProcStat, string?> Now()
    {
        var ancestors = Ancestors();
        var listed = Listed();
        return process => process.Pid <= 1 ? "it is the first process of the host"
            : process.IsKernelThread ? "it is a thread of the kernel"
            : process.Pid == Environment.ProcessId ? "it is this agent"
            : ancestors.Contains(process.Pid) ? "this agent descends from it"
            : listed.Count > 0 && ExecutableOf(process.Pid) is { } file && listed.TryGetValue(file, out var path) ? $"it runs {path}, which agent.conf protects"
            : null;
    }

    private static HashSet<int> Ancestors()
    {
        var ancestors = new HashSet<int>();
        for (var at = ProcStat.Read(Environment.ProcessId)?.Parent; at is > 1 and var pid && ancestors.Add(pid);)
            at = ProcStat.Read(pid)?.Parent;
        return ancestors;
    }

    private Dictionary<(string Device, ulong Inode), string> Listed()
    {
        var listed = new Dictionary<(string Device, ulong Inode), string>();
        foreach (var path in executables)
        {
            if (Find(path) is { } file)
                listed[file] = path;
        }
        return listed;
    }

    private static (string Device, ulong Inode)? Find(string path)
    {
        // Links are followed: root wrote the path, and /bin itself is a link on most hosts.
        using var file = NativeFiles.OpenFollowing(path);
        return file is null || NativeFiles.Facts(file, out _) is not { } facts ? null : (facts.Device, facts.Inode);
    }

    private static (string Device, ulong Inode)? ExecutableOf(int pid)
    {
        using var file = NativeFiles.OpenExecutable(pid, out _);
        return file is null || NativeFiles.Facts(file, out _) is not { } facts ? null : (facts.Device, facts.Inode);
    }
}
