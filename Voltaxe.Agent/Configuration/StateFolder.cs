using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Voltaxe.Agent.Configuration;

/// <summary>Another agent runs with the same state folder.</summary>
public sealed class StateFolderInUseException(string path) : Exception($"{path} is in use by another agent");

/// <summary>Where one agent keeps everything that must survive: mode 0700, files 0600, one owner at a time.</summary>
public sealed partial class StateFolder
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private StateFolder(string path) => Path = path;

    public string Path { get; }
    public string EnrolmentFile => File("enrolment.json");
    public string KeyFile => File("agent.key");
    public string JournalFile => File("journal");
    public string StatusFile => File("status.json");
    public string EvidenceFolder => File("evidence");
    public string IsolationFile => File("isolation.json");
    public string AddressesFile => File("hub-addresses.json");
    public string LockFile => File("agent.lock");

    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary><c>/var/lib/voltaxe</c> for root, <c>~/.local/state/voltaxe</c> for anyone else, as the OS has it elsewhere.</summary>
    public static string DefaultPath() => OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess
        ? "/var/lib/voltaxe"
        : OperatingSystem.IsLinux()
            ? System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state", "voltaxe")
            : System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData), "Voltaxe");

    /// <summary>The folder, without making or changing anything.</summary>
    public static StateFolder At(string path) => new(System.IO.Path.GetFullPath(path));

    /// <summary>Nobody but root and this user can have changed what lies in it.</summary>
    /// <exception cref="UntrustedPathException">Somebody can, and who.</exception>
    public StateFolder RequireTrusted()
    {
        foreach (var path in (string[])[Path, KeyFile, EnrolmentFile, JournalFile, IsolationFile, AddressesFile, LockFile])
            TrustedPath.Require(path);
        return this;
    }

    /// <summary>The folder, made where it is missing, and closed to others.</summary>
    /// <exception cref="UntrustedPathException">It is there already, and somebody else can have changed what lies in it.</exception>
    public static StateFolder Make(string path)
    {
        var folder = At(path).RequireTrusted();
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder.Path);
            return folder;
        }
        const UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Directory.CreateDirectory(folder.Path, mode);
        System.IO.File.SetUnixFileMode(folder.Path, mode);
        return folder;
    }

    /// <summary>Takes the folder for this process, until the answer is disposed of or the process ends.</summary>
    /// <exception cref="StateFolderInUseException">Another process has it.</exception>
    public IDisposable Lock()
    {
        try
        {
            return new FileStream(LockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException) && System.IO.File.Exists(LockFile))
        {
            throw new StateFolderInUseException(Path);
        }
    }

    /// <summary>Replaces a file so that after a power cut either the old or the new text is there, whole.</summary>
    public static void WriteDurably(string path, string text)
    {
        WriteNext(path, text, durable: true);
        System.IO.File.Move(path + ".next", path, overwrite: true);
        SyncDirectory(System.IO.Path.GetDirectoryName(path)!);
    }

    /// <summary>Replaces a file atomically for readers; a power cut may lose the change.</summary>
    public static void WriteAtomically(string path, string text)
    {
        WriteNext(path, text, durable: false);
        System.IO.File.Move(path + ".next", path, overwrite: true);
    }

    /// <summary>Makes names in a folder durable; Windows does that by itself.</summary>
    public static void SyncDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
            return;
        const int closeOnExec = 0x80000;
        var fd = Open(path, OperatingSystem.IsLinux() ? closeOnExec : 0);
        if (fd < 0)
            throw new IOException($"cannot open {path}", new Win32Exception(Marshal.GetLastPInvokeError()));
        using var handle = new SafeFileHandle(fd, ownsHandle: true);
        if (Sync(fd) != 0)
            throw new IOException($"cannot sync {path}", new Win32Exception(Marshal.GetLastPInvokeError()));
    }

    private static void WriteNext(string path, string text, bool durable)
    {
        System.IO.File.Delete(path + ".next");
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.Read };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = Private;
        using var file = new FileStream(path + ".next", options);
        file.Write(Encoding.UTF8.GetBytes(text));
        file.Flush(flushToDisk: durable);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(int fd);
}
