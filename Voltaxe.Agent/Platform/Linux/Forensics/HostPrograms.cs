using System.Globalization;

namespace Voltaxe.Agent.Platform.Linux.Forensics;

/// <summary>Takes the output of the host's own programs into evidence: those that only show something.</summary>
internal sealed class HostPrograms(Exec exec, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>As <see cref="Add"/>, for programs that ask systemd, if it runs this host.</summary>
    public void AddOfSystemd(IEvidenceSink sink, string name, CancellationToken ct, string program, params string[] arguments)
    {
        if (Directory.Exists("/run/systemd/system"))
            Add(sink, name, ct, program, arguments);
        else
            sink.Omit(string.Join(' ', [program, .. arguments]), Omission.Absent, "this host does not run systemd");
    }

    /// <summary>The output of one program, if it is installed. False: it is not.</summary>
    public bool Add(IEvidenceSink sink, string name, CancellationToken ct, string program, params string[] arguments)
    {
        var line = string.Join(' ', [program, .. arguments]);
        if (Exec.Find(program) is not { } found)
        {
            sink.Omit(line, Omission.Absent, $"the program {program} is not installed");
            return false;
        }
        sink.Add(name, line, "output of the host's program", part =>
        {
            if (exec.Pour(found, arguments, part.Take, Patience, time, ct) is { } cut)
                part.Cut(cut);
        });
        return true;
    }
}

/// <summary>Takes what the kernel shows in /proc: fixed names only, and never a file's content through them.</summary>
internal static class KernelFiles
{
    public static void Add(IEvidenceSink sink, string path, CancellationToken ct)
    {
        if (!File.Exists(path))
        {
            sink.Omit(path, Omission.Absent, "this kernel does not have it");
            return;
        }
        Add(sink, path, "read from the kernel", ct);
    }

    /// <summary>What the kernel shows one process; where that cannot be read, what it shows the agent, and says so.</summary>
    public static void AddOf(int process, IEvidenceSink sink, string name, CancellationToken ct)
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/{name}");
        var how = string.Create(CultureInfo.InvariantCulture, $"read from the kernel, as process {process} sees it");
        try
        {
            Open(path).Dispose();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            (path, how) = ($"/proc/self/{name}", $"read from the kernel, as the agent itself sees it, because {path} cannot be read: {e.Message}");
        }
        Add(sink, path, how, ct);
    }

    private static FileStream Open(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);

    private static void Add(IEvidenceSink sink, string path, string how, CancellationToken ct) =>
        sink.Add(path[(path.LastIndexOf('/') + 1)..], path, how, part =>
        {
            using var file = Open(path);
            var buffer = new byte[64 * 1024];
            while (file.Read(buffer) is var read and > 0)
            {
                ct.ThrowIfCancellationRequested();
                if (!part.Take(buffer.AsSpan(0, read)))
                    break;
            }
        });
}
