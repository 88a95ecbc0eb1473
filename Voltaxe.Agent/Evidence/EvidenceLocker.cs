using System.Security.Cryptography;
using System.Text.Json;
using Voltaxe.Agent.Configuration;

namespace Voltaxe.Agent.Evidence;

/// <summary>What becomes of an archive whose command is no longer under way.</summary>
public enum Keep { No, Yes, ForNow }

/// <summary>
/// Where archives lie until the hub has them: a folder in the state folder, closed to others. At most one collection at a time, and never
/// so much that the disk fills up.
/// </summary>
public sealed class EvidenceLocker(string folder, TimeProvider time)
{
    /// <summary>How long an archive that the hub did not take lies here, unless the next collection removes it.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromDays(7);

    /// <summary>What of the disk stays free: the smaller of these.</summary>
    private const long FreeBytes = 512 * EvidenceLimits.MiB, FreeShare = 10;

    private const string Archive = ".tar.gz", Seal = ".json", Unfinished = ".part";

    public string Folder => folder;

    /// <summary>How many bytes a new archive may have.</summary>
    public long Room()
    {
        var drive = new DriveInfo(folder);
        return drive.AvailableFreeSpace - Math.Min(FreeBytes, drive.TotalSize / FreeShare);
    }

    /// <summary>The archive of this command, if it was finished before and is as it was then.</summary>
    public SealedEvidence? Find(Guid uid)
    {
        if (SealedEvidence.Read(At(uid, Seal)) is not { } found || found.Uid != uid || !File.Exists(At(uid, Archive)))
            return null;
        var whole = found with { Path = At(uid, Archive) };
        return Measure(whole.Path) == (found.Size, found.Sha256) ? whole : null;
    }

    /// <summary>Makes room for a new archive: whatever lies here is removed. The path to write to.</summary>
    public string Begin(Guid uid)
    {
        StateFolder.Make(folder);
        foreach (var file in Directory.EnumerateFiles(folder))
            File.Delete(file);
        return At(uid, Unfinished);
    }

    /// <summary>The archive is written: from now on it outlives a crash.</summary>
    public SealedEvidence Close(Guid uid, string name, string message, Func<long, string, JsonElement> data)
    {
        var (size, sha256) = Measure(At(uid, Unfinished));
        File.Move(At(uid, Unfinished), At(uid, Archive), overwrite: true);
        StateFolder.SyncDirectory(folder);
        var whole = new SealedEvidence(uid, name, size, sha256, message, data(size, sha256)) { Path = At(uid, Archive) };
        whole.Write(At(uid, Seal));
        return whole;
    }

    /// <summary>Removes what is not needed any more. What cannot be removed is tried again the next time.</summary>
    public void Tidy(Func<Guid, Keep> judge)
    {
        try
        {
            if (!Directory.Exists(folder))
                return;
            foreach (var file in Directory.EnumerateFiles(folder))
            {
                var keep = Guid.TryParseExact(Path.GetFileName(file).Split('.')[0], "D", out var uid) ? judge(uid) : Keep.No;
                if (keep == Keep.No || keep == Keep.ForNow && time.GetUtcNow() - File.GetLastWriteTimeUtc(file) >= Patience)
                    File.Delete(file);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A disk that does not let go of a file is no reason to stop speaking to the hub.
        }
    }

    /// <summary>Removes everything of one command.</summary>
    public void Remove(Guid uid) => Tidy(other => other == uid ? Keep.No : Keep.Yes);

    private string At(Guid uid, string ending) => Path.Combine(folder, uid.ToString("D") + ending);

    private static (long Size, string Sha256) Measure(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        return (file.Length, Convert.ToHexStringLower(SHA256.HashData(file)));
    }
}
