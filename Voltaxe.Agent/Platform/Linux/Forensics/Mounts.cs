using System.Globalization;

namespace Voltaxe.Agent.Platform.Linux.Forensics;

/// <summary>Which file system an inode lies on, from the kernel's table: asking the file system itself may hang.</summary>
/// <param name="table">That of this process, or of one in another mount namespace (a container).</param>
/// <param name="first">Asked before.</param>
internal sealed class Mounts(string table = "/proc/self/mountinfo", Mounts? first = null)
{
    /// <summary>Those that keep files on this host's disks or in its memory. Not among them: the kernel's own (proc, sysfs, …), the network's, and those that a program answers for (fuse).</summary>
    private static readonly HashSet<string> Real = new(StringComparer.Ordinal)
    {
        "ext2", "ext3", "ext4", "xfs", "btrfs", "bcachefs", "zfs", "f2fs", "jfs", "nilfs2", "reiserfs", "tmpfs", "ramfs", "overlay", "aufs",
        "squashfs", "erofs", "vfat", "exfat", "ntfs3", "iso9660", "udf",
    };

    private readonly DetachedFileSystems detached = new();
    private Dictionary<string, string>? known;

    /// <summary>Those that no table lists.</summary>
    public DetachedFileSystems Detached => first?.Detached ?? detached;

    public static bool IsReal(string? type) => type is not null && Real.Contains(type);

    /// <summary>This table, and then that of a process.</summary>
    public Mounts OrOf(int pid) => new(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/mountinfo"), this);

    /// <summary>The type of the file system, or null where the table does not list it.</summary>
    public string? TypeOf(FileFacts file) => first?.Find(file) ?? Find(file) ?? Reread(file);

    private string? Reread(FileFacts file)
    {
        // Mounted since the table was read.
        known = null;
        return Find(file);
    }

    private string? Find(FileFacts file)
    {
        known ??= Read(Lines());
        return known.GetValueOrDefault(file.MountId > 0 ? file.MountId.ToString(CultureInfo.InvariantCulture) : file.Device);
    }

    private IEnumerable<string> Lines()
    {
        try
        {
            return File.ReadAllLines(table);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The process is gone, or another user's: its files stay unknown, and unread.
            return [];
        }
    }

    /// <summary>Types by number of the mount and by device. On kernels that do not tell the former (before 5.8), subvolumes of btrfs are not found.</summary>
    internal static Dictionary<string, string> Read(IEnumerable<string> lines)
    {
        var types = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in lines)
        {
            var fields = line.Split(' ');
            // Optional fields stand before the dash, the type behind it.
            const int leastFields = 6;
            var dash = fields.Length > leastFields ? Array.IndexOf(fields, "-", leastFields) : -1;
            if (dash < 0 || dash + 1 == fields.Length)
                continue;
            types[fields[0]] = fields[dash + 1];
            types[fields[2]] = fields[dash + 1];
        }
        return types;
    }
}
