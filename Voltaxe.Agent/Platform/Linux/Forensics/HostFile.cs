using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Voltaxe.Agent.Platform.Linux.Forensics;

/// <summary>Why a name could not be held.</summary>
internal sealed record Miss(Omission What, string Why);

/// <summary>
/// One name on the host, held without opening what is behind it: a pipe does not wait, a device does not act, a link is not followed, in no
/// part of the path. Only what turns out to be a regular file on a real file system is opened, and it is that inode, not its name again.
/// </summary>
internal sealed class HostFile : IDisposable
{
    private const int LongestName = 255;

    private readonly SafeFileHandle handle;

    private HostFile(SafeFileHandle handle, FileFacts facts, string? fileSystem) => (this.handle, Facts, FileSystem) = (handle, facts, fileSystem);

    public FileFacts Facts { get; }

    /// <summary>Null where the kernel's table of mounts does not list it.</summary>
    public string? FileSystem { get; }

    public bool IsFolder => Facts.Type == FileFacts.Directory;

    /// <summary>Where a link points to, encoded.</summary>
    public string? Target => Facts.Type == FileFacts.Link && NativeFiles.ReadLink(handle) is { } target ? HostNames.Encode(target) : null;

    /// <summary>Why its content (or, of a folder, its names) must not be read, or null.</summary>
    public string? WhyNotRead => Facts.Type switch
    {
        FileFacts.Link => $"a symbolic link to {Target ?? "nobody knows where"}: not followed",
        FileFacts.Regular or FileFacts.Directory when !Mounts.IsReal(FileSystem) => $"on a file system of type {FileSystem ?? "unknown"}, which holds no files of this host",
        FileFacts.Regular or FileFacts.Directory => null,
        _ => $"a {Facts.TypeName}: not opened",
    };

    public static HostFile? Open(string path, Mounts mounts, out Miss? miss) => Open(Encoding.UTF8.GetBytes(path), mounts, out miss);

    /// <param name="path">From the root, without <c>..</c>.</param>
    public static HostFile? Open(ReadOnlySpan<byte> path, Mounts mounts, out Miss? miss)
    {
        var parts = new List<byte[]>();
        foreach (var range in path.Split((byte)'/'))
        {
            if (path[range] is { Length: > 0 } part)
                parts.Add(part.ToArray());
        }
        var current = NativeFiles.OpenName(null, "/"u8, mustBeFolder: true, out var errno);
        for (var i = 0; i < parts.Count; i++)
        {
            using var folder = current;
            if (folder is null)
                break;
            if (parts[i].Length > LongestName || parts[i].AsSpan().SequenceEqual(".."u8))
            {
                miss = new(Omission.Refused, "not a path that is followed");
                return null;
            }
            current = NativeFiles.OpenName(folder, parts[i], mustBeFolder: i < parts.Count - 1, out errno);
        }
        return Hold(current, errno, mounts, out miss);
    }

    /// <summary>The executable that a process runs, also when its name is gone: the kernel's own link is the one that is followed.</summary>
    public static HostFile? OpenExecutable(int pid, Mounts mounts, out Miss? miss) =>
        Hold(NativeFiles.OpenExecutable(pid, out var errno), errno, mounts.OrOf(pid), out miss, isMapped: true);

    /// <summary>The names in a folder. Null with the reason.</summary>
    public IReadOnlyList<byte[]>? Names(int atMost, out bool more, out string? whyNot)
    {
        var names = NativeFiles.Names(handle, atMost, out more, out var errno);
        whyNot = names is null ? NativeFiles.Describe(errno) : null;
        return names;
    }

    /// <summary>A handle to read from. Only after <see cref="WhyNotRead"/> said nothing.</summary>
    public SafeFileHandle OpenContent() => NativeFiles.OpenContent(handle, out var errno) ?? throw new IOException(NativeFiles.Describe(errno));

    public void Dispose() => handle.Dispose();

    /// <param name="isMapped">A process runs it: it may lie where no table of mounts leads, as memory files and detached file systems do.</param>
    private static HostFile? Hold(SafeFileHandle? opened, int errno, Mounts mounts, out Miss? miss, bool isMapped = false)
    {
        if (opened is null)
        {
            miss = errno switch
            {
                NativeFiles.NoEntry or Native.NoSuchProcess => new(Omission.Absent, "not there"),
                NativeFiles.NotDirectory or NativeFiles.TooManyLinks => new(Omission.Refused, "a part of the path is a symbolic link or no folder: not followed"),
                _ => new(Omission.Error, NativeFiles.Describe(errno)),
            };
            return null;
        }
        if (NativeFiles.Facts(opened, out errno) is not { } facts)
        {
            opened.Dispose();
            miss = new(Omission.Error, NativeFiles.Describe(errno));
            return null;
        }
        miss = null;
        return new HostFile(opened, facts, mounts.TypeOf(facts) ?? (isMapped ? mounts.Detached.TypeOf(opened, facts.Device) : null));
    }
}
