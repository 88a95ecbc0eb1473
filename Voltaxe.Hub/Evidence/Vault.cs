using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.RegularExpressions;
using Voltaxe.Hub.Persistence;

namespace Voltaxe.Hub.Evidence;

/// <summary>
/// The folder of the evidence (0700, files 0600), which nodes may share. A file is called by its evidence's id and nothing else, so that nothing an
/// agent says becomes part of a path. Nothing in it is ever unpacked.
/// </summary>
public sealed partial class Vault
{
    private readonly string folder;

    public Vault(HubOptions options)
    {
        folder = PrivateFiles.MakeFolder(options.Vault);
    }

    /// <summary>What the disk has left for us.</summary>
    public long FreeBytes => VaultException.Guard(() => new DriveInfo(folder).AvailableFreeSpace);

    public static string NewId(DateTimeOffset now) => "e-" + Guid.CreateVersion7(now).ToString("N", CultureInfo.InvariantCulture);

    /// <summary>Whether this could be an id of ours.</summary>
    public static bool IsId([NotNullWhen(true)] string? text) => text is not null && Id().IsMatch(text);

    /// <summary>To write, by one at a time, on whichever node; null while somebody else does.</summary>
    /// <exception cref="VaultException">It cannot be opened at all.</exception>
    public VaultFile? TryOpen(string id)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 0, Options = FileOptions.Asynchronous };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = PrivateFiles.FileMode;
        return VaultException.Guard(() =>
        {
            try
            {
                return new VaultFile(new FileStream(PathOf(id), options));
            }
            catch (IOException e) when (IsSharing(e))
            {
                return null;
            }
        });
    }

    /// <exception cref="VaultException">It is not there, or cannot be read.</exception>
    public FileStream OpenRead(string id) => VaultException.Guard(() => new FileStream(PathOf(id), new FileStreamOptions
    {
        Mode = FileMode.Open,
        Access = FileAccess.Read,
        Share = FileShare.Read | FileShare.Delete,
        Options = FileOptions.Asynchronous | FileOptions.SequentialScan,
    }));

    /// <summary>Nothing happens when it is gone already.</summary>
    /// <exception cref="VaultException">It is there and stays.</exception>
    public void Delete(string id) => VaultException.Guard(() =>
    {
        File.Delete(PathOf(id));
        return id;
    });

    /// <summary>Everything here that has a name of ours.</summary>
    public IReadOnlyList<(string Id, DateTimeOffset WrittenAt)> Files() =>
        [.. new DirectoryInfo(folder).EnumerateFiles().Where(f => IsId(f.Name)).Select(f => (f.Name, new DateTimeOffset(f.LastWriteTimeUtc, TimeSpan.Zero)))];

    /// <summary>Makes a new file's name durable, not only its bytes.</summary>
    /// <exception cref="VaultException">The disk failed.</exception>
    public void SyncNames() => VaultException.Guard(() =>
    {
        PrivateFiles.SyncNames(folder);
        return folder;
    });

    private const int WouldBlock = 11, WouldBlockOnMac = 35, WindowsSharing = 32;

    private static bool IsSharing(IOException e) => (e.HResult & 0xFFFF) is WouldBlock or WouldBlockOnMac or WindowsSharing;

    private string PathOf(string id) => IsId(id) ? Path.Combine(folder, id) : throw new ArgumentException("no id of evidence", nameof(id));

    [GeneratedRegex(@"^e-[0-9a-f]{32}\z")]
    private static partial Regex Id();
}
