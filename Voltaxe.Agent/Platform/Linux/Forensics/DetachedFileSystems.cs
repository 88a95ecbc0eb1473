using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Voltaxe.Agent.Platform.Linux.Forensics;

/// <summary>
/// The type of a file system that no table of mounts lists: one that was detached (umount -l), or the kernel's own for memory files
/// (memfd_create). The file system itself has to be asked; one that does not answer in time is not asked again in this collection.
/// </summary>
internal sealed partial class DetachedFileSystems
{
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<string, string?> known = new(StringComparer.Ordinal);

    /// <summary>Null where it is none of this host's disks or memory, or does not answer.</summary>
    public string? TypeOf(SafeFileHandle file, string device) => known.GetOrAdd(device, static (_, asked) => Ask(asked), file);

    private static string? Ask(SafeFileHandle file)
    {
        // A thread of its own: what a program answers for, or another machine, may never come back from the call.
        var answer = new TaskCompletionSource<long?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var held = false;
        file.DangerousAddRef(ref held);
        var asking = new Thread(() =>
        {
            try
            {
                answer.SetResult(FileSystemStat((int)file.DangerousGetHandle(), out var found) == 0 ? found.Type : null);
            }
            finally
            {
                file.DangerousRelease();
            }
        }) { IsBackground = true };
        asking.Start();
        return answer.Task.Wait(AnswerTimeout) && answer.Task.Result is { } magic ? NameOf(magic) : null;
    }

    /// <summary>Those of <see cref="Mounts"/> that keep files on this host's disks or in its memory, by the numbers of linux/magic.h.</summary>
    private static string? NameOf(long magic) => (uint)magic switch
    {
        0x01021994 => "tmpfs",
        0x858458f6 => "ramfs",
        0x0000ef53 => "ext4",
        0x58465342 => "xfs",
        0x9123683e => "btrfs",
        0x794c7630 => "overlay",
        0xf2f52010 => "f2fs",
        0x73717368 => "squashfs",
        0xe0f5e1e2 => "erofs",
        0x00004d44 => "vfat",
        0x2011bab0 => "exfat",
        0x00009660 => "iso9660",
        0x15013346 => "udf",
        _ => null,
    };

    [StructLayout(LayoutKind.Sequential, Size = 256)]
    private struct Found
    {
        public long Type;
    }

    [LibraryImport("libc", EntryPoint = "fstatfs", SetLastError = true)]
    private static partial int FileSystemStat(int file, out Found found);
}
