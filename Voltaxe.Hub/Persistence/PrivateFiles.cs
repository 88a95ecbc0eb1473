using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Voltaxe.Hub.Persistence;

/// <summary>Folders (0700) and files (0600) that are the hub's alone, whatever the umask.</summary>
public static partial class PrivateFiles
{
    public const UnixFileMode FileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    public const UnixFileMode FolderMode = FileMode | UnixFileMode.UserExecute;
    private const UnixFileMode OfOthers = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>For the whole process, so that what libraries create is private, too: SQLite's files, key rings.</summary>
    public static void UseStrictUmask()
    {
        const int ownerOnly = 0x3F; // 0077
        if (!OperatingSystem.IsWindows())
            _ = Umask(ownerOnly);
    }

    /// <summary>A folder of the hub's own: made, or closed to others.</summary>
    /// <returns>Its full path.</returns>
    /// <exception cref="HubStartException">It cannot be made, or belongs to somebody else and is open.</exception>
    public static string MakeFolder(string path) => Named(path, "folder", full =>
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(full);
        else
        {
            Directory.CreateDirectory(full, FolderMode);
            Close(full, FolderMode);
        }
    });

    /// <summary>
    /// The data folder, which the person who runs the hub may have made: closed to others when it is empty or holds the hub's data. Any
    /// other folder stays as it is, unless others could exchange the hub's files there.
    /// </summary>
    /// <inheritdoc cref="MakeFolder"/>
    public static string MakeDataFolder(string path)
    {
        var full = Path.GetFullPath(path);
        if (OperatingSystem.IsWindows() || !Directory.Exists(full))
            return MakeFolder(full);
        return Named(full, "folder", _ =>
        {
            if (OperatingSystem.IsWindows())
                return;
            var mode = File.GetUnixFileMode(full);
            var isOurs = !Directory.EnumerateFileSystemEntries(full).Any() || File.Exists(Path.Combine(full, "voltaxe.db")) || Directory.Exists(Path.Combine(full, "keys"));
            if (isOurs && !mode.HasFlag(UnixFileMode.StickyBit))
                Close(full, FolderMode);
            else if ((mode & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) != 0 && !mode.HasFlag(UnixFileMode.StickyBit))
                throw new HubStartException(StartFault.Refused, $"The folder {full} can be written by others (mode {Text(mode)}): they could exchange the hub's files. Close it: chmod 700 {full}");
        });
    }

    /// <summary>An empty file, if there is none; closed to others, if there is one.</summary>
    /// <inheritdoc cref="MakeFolder"/>
    public static void MakeFile(string path) => Named(path, "file", full =>
    {
        var options = new FileStreamOptions { Mode = System.IO.FileMode.OpenOrCreate, Access = FileAccess.Read, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = FileMode;
        if (!File.Exists(full))
            new FileStream(full, options).Dispose();
        CloseFile(full);
    });

    /// <summary>Closes a folder and all that is in it to others; nothing happens when it is not there.</summary>
    /// <exception cref="HubStartException">Something in it is open to others, and not ours to close.</exception>
    public static void CloseTree(string folder)
    {
        if (OperatingSystem.IsWindows() || !Directory.Exists(folder))
            return;
        Close(folder, FolderMode);
        foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos("*", SearchOption.AllDirectories))
            Close(entry.FullName, entry is DirectoryInfo ? FolderMode : FileMode);
    }

    /// <summary>Closes a file to others; nothing happens when it is not there.</summary>
    /// <exception cref="HubStartException">It is open to others, and not ours to close.</exception>
    public static void CloseFile(string path)
    {
        if (!OperatingSystem.IsWindows() && File.Exists(path))
            Close(path, FileMode);
    }

    /// <summary>Makes the names in a folder durable, not only the bytes of its files. Windows does it by itself.</summary>
    /// <exception cref="IOException">The disk failed.</exception>
    public static void SyncNames(string folder)
    {
        if (OperatingSystem.IsWindows())
            return;
        const int closeOnExec = 0x80000;
        var fd = Open(folder, OperatingSystem.IsLinux() ? closeOnExec : 0);
        if (fd < 0)
            throw Failed(folder);
        using var handle = new SafeFileHandle(fd, ownsHandle: true);
        if (Sync(fd) != 0)
            throw Failed(folder);
    }

    /// <summary>Gives a file its name; unlike <see cref="File.Move(string, string)"/>, which looks first and renames then, never over another one's.</summary>
    /// <exception cref="IOException">There is a file of this name, or the disk failed.</exception>
    public static void GiveName(string temporary, string path)
    {
        const int operationNotPermitted = 1, notSupported = 95;
        if (!OperatingSystem.IsWindows() && Link(temporary, path) == 0)
            File.Delete(temporary);
        else if (OperatingSystem.IsWindows() || Marshal.GetLastPInvokeError() is operationNotPermitted or notSupported)
            File.Move(temporary, path, overwrite: false); // A file system without links.
        else
            throw Failed(path);
    }

    private static void Close(string path, UnixFileMode mode)
    {
        if (OperatingSystem.IsWindows())
            return;
        var found = File.GetUnixFileMode(path);
        if ((found & OfOthers) == 0)
            return;
        try
        {
            File.SetUnixFileMode(path, mode);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HubStartException(StartFault.Refused, $"{path} is open to others (mode {Text(found)}) and belongs to another user than the one that runs the hub: chown it, or run the hub as its owner");
        }
    }

    private static string Named(string path, string kind, Action<string> make)
    {
        var full = Path.GetFullPath(path);
        try
        {
            make(full);
            return full;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HubStartException(StartFault.Failed, $"The {kind} {full} cannot be made or opened by the user {Environment.UserName}: {(e.InnerException ?? e).Message}", e);
        }
    }

    private static string Text(UnixFileMode mode) => Convert.ToString((int)mode, 8).PadLeft(4, '0');

    private static IOException Failed(string folder)
    {
        var error = Marshal.GetLastPInvokeError();
        return new IOException($"{folder}: {Marshal.GetPInvokeErrorMessage(error)}", error);
    }

    [LibraryImport("libc", EntryPoint = "umask")]
    private static partial int Umask(int mask);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string from, string to);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(int fd);
}
