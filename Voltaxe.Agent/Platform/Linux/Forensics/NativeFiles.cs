using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Voltaxe.Agent.Platform.Linux.Forensics;

/// <summary>What a path's end is, from its inode.</summary>
/// <param name="Allocated">Bytes that it really takes on the disk; less than <paramref name="Size"/> when it has holes.</param>
/// <param name="MountId">0 where the kernel does not tell.</param>
internal sealed record FileFacts(
    int Type, int Permissions, long Owner, long Group, long Links, long Size, long Allocated, DateTimeOffset Modified, DateTimeOffset Changed, ulong Inode, string Device, ulong MountId)
{
    public const int Pipe = 0x1000, CharacterDevice = 0x2000, Directory = 0x4000, BlockDevice = 0x6000, Regular = 0x8000, Link = 0xA000, Socket = 0xC000;

    public string TypeName => Type switch
    {
        Pipe => "pipe",
        CharacterDevice => "character device",
        Directory => "directory",
        BlockDevice => "block device",
        Regular => "file",
        Link => "symbolic link",
        Socket => "socket",
        _ => "something else",
    };
}

/// <summary>The system calls behind <see cref="HostFile"/>, on x64 and arm64. Names are bytes: the kernel knows no characters.</summary>
internal static unsafe partial class NativeFiles
{
    public const int NoEntry = 2, NotDirectory = 20, TooManyLinks = 40;

    private const int AtCwd = -100, AtEmptyPath = 0x1000, AtDontSync = 0x4000;
    private const int ReadOnly = 0, NonBlocking = 0x800, NoAccessTime = 0x40000, CloseOnExec = 0x80000, PathOnly = 0x200000;
    private const uint BasicStats = 0x7ff, MountIdStat = 0x1000;

    // The two flags that the kernel numbers differently on arm64.
    private static readonly bool IsArm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;
    private static readonly int DirectoryOnly = IsArm ? 0x4000 : 0x10000, NoFollow = IsArm ? 0x8000 : 0x20000;

    [StructLayout(LayoutKind.Sequential)]
    private struct Time
    {
        public long Seconds;
        public uint Nanoseconds;
        public int Reserved;
    }

    [StructLayout(LayoutKind.Sequential, Size = 256)]
    private struct Stat
    {
        public uint Mask, BlockSize;
        public ulong Attributes;
        public uint Links, Owner, Group;
        public ushort Mode, Padding;
        public ulong Inode, Size, Blocks, AttributesMask;
        public Time Accessed, Born, Changed, Modified;
        public uint RawDeviceMajor, RawDeviceMinor, DeviceMajor, DeviceMinor;
        public ulong MountId;
    }

    /// <summary>
    /// A handle to one name in a folder, without opening what is behind it and without following it. Null with the errno.
    /// </summary>
    /// <param name="folder">Null: from the root.</param>
    public static SafeFileHandle? OpenName(SafeFileHandle? folder, ReadOnlySpan<byte> name, bool mustBeFolder, out int errno)
    {
        Span<byte> text = stackalloc byte[name.Length + 1];
        name.CopyTo(text);
        text[^1] = 0;
        fixed (byte* path = text)
            return Handle(OpenAt(folder is null ? AtCwd : (int)folder.DangerousGetHandle(), path, PathOnly | NoFollow | CloseOnExec | (mustBeFolder ? DirectoryOnly : 0)), out errno);
    }

    /// <summary>As <see cref="OpenName"/>, for the one kind of link that is meant to be followed: <c>/proc/PID/exe</c>.</summary>
    public static SafeFileHandle? OpenExecutable(int pid, out int errno)
    {
        Span<byte> path = stackalloc byte[32];
        System.Text.Encoding.ASCII.GetBytes(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"/proc/{pid}/exe\0"), path);
        fixed (byte* p = path)
            return Handle(OpenAt(AtCwd, p, PathOnly | CloseOnExec), out errno);
    }

    /// <summary>A handle to what a path leads to, links followed; null where it leads nowhere. For paths that root wrote down.</summary>
    public static SafeFileHandle? OpenFollowing(string path)
    {
        fixed (byte* p = System.Text.Encoding.UTF8.GetBytes(path + '\0'))
            return Handle(OpenAt(AtCwd, p, PathOnly | CloseOnExec), out _);
    }

    /// <summary>Opens what a handle of <see cref="OpenName"/> stands for: that very inode, wherever its name leads by now. Leaves its access time alone where that is allowed.</summary>
    public static SafeFileHandle? OpenContent(SafeFileHandle file, out int errno)
    {
        Span<byte> path = stackalloc byte[32];
        System.Text.Encoding.ASCII.GetBytes(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"/proc/self/fd/{file.DangerousGetHandle()}\0"), path);
        fixed (byte* p = path)
        {
            return Handle(OpenAt(AtCwd, p, ReadOnly | NonBlocking | CloseOnExec | NoAccessTime), out errno)
                ?? Handle(OpenAt(AtCwd, p, ReadOnly | NonBlocking | CloseOnExec), out errno);
        }
    }

    /// <summary>From what the kernel has at hand: a file system that does not answer is not asked.</summary>
    public static FileFacts? Facts(SafeFileHandle file, out int errno)
    {
        byte nothing = 0;
        if (StatX((int)file.DangerousGetHandle(), &nothing, AtEmptyPath | AtDontSync, BasicStats | MountIdStat, out var stat) != 0)
        {
            errno = Marshal.GetLastPInvokeError();
            return null;
        }
        errno = 0;
        return new FileFacts(stat.Mode & 0xF000, stat.Mode & 0xFFF, stat.Owner, stat.Group, stat.Links, (long)stat.Size, (long)stat.Blocks * 512,
            At(stat.Modified), At(stat.Changed), stat.Inode, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{stat.DeviceMajor}:{stat.DeviceMinor}"),
            (stat.Mask & MountIdStat) != 0 ? stat.MountId : 0);
    }

    /// <summary>Where a link of <see cref="OpenName"/> points to.</summary>
    public static byte[]? ReadLink(SafeFileHandle link)
    {
        var target = new byte[4096];
        byte nothing = 0;
        fixed (byte* t = target)
        {
            var length = ReadLinkAt((int)link.DangerousGetHandle(), &nothing, t, target.Length);
            return length < 0 ? null : target[..(int)length];
        }
    }

    /// <summary>The names in a folder, but for itself and the one above. Null with the errno.</summary>
    public static List<byte[]>? Names(SafeFileHandle folder, int atMost, out bool more, out int errno)
    {
        more = false;
        using var opened = OpenContent(folder, out errno);
        if (opened is null)
            return null;
        var stream = OpenFolder((int)opened.DangerousGetHandle());
        if (stream == 0)
        {
            errno = Marshal.GetLastPInvokeError();
            return null;
        }
        // The stream owns the descriptor from here on.
        opened.SetHandleAsInvalid();
        try
        {
            const int nameOffset = 19;
            var names = new List<byte[]>();
            while (ReadFolder(stream) is var entry and not 0)
            {
                var name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated((byte*)entry + nameOffset);
                if (name.SequenceEqual("."u8) || name.SequenceEqual(".."u8))
                    continue;
                if (names.Count == atMost)
                {
                    more = true;
                    break;
                }
                names.Add(name.ToArray());
            }
            return names;
        }
        finally
        {
            _ = CloseFolder(stream);
        }
    }

    public static string Describe(int errno) => new Win32Exception(errno).Message;

    private static SafeFileHandle? Handle(int fd, out int errno)
    {
        errno = fd < 0 ? Marshal.GetLastPInvokeError() : 0;
        return fd < 0 ? null : new SafeFileHandle(fd, ownsHandle: true);
    }

    /// <summary>File systems store any number; .NET's calendar ends.</summary>
    private static DateTimeOffset At(Time time)
    {
        const long earliest = -62_135_596_800, latest = 253_402_300_799;
        return DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(time.Seconds, earliest, latest - 1)).AddTicks(time.Nanoseconds % 1_000_000_000 / 1000 * 10);
    }

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true)]
    private static partial int OpenAt(int folder, byte* path, int flags);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true)]
    private static partial int StatX(int folder, byte* path, int flags, uint mask, out Stat stat);

    [LibraryImport("libc", EntryPoint = "readlinkat", SetLastError = true)]
    private static partial nint ReadLinkAt(int folder, byte* path, byte* buffer, nint size);

    [LibraryImport("libc", EntryPoint = "fdopendir", SetLastError = true)]
    private static partial nint OpenFolder(int fd);

    [LibraryImport("libc", EntryPoint = "readdir", SetLastError = true)]
    private static partial nint ReadFolder(nint stream);

    [LibraryImport("libc", EntryPoint = "closedir", SetLastError = true)]
    private static partial int CloseFolder(nint stream);
}
