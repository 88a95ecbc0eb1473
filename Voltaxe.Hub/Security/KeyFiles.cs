using Voltaxe.Hub.Persistence;

namespace Voltaxe.Hub.Security;

/// <summary>Key files: made whole or not at all, read and checked, never replaced. A damaged one has to come back from a backup.</summary>
internal static class KeyFiles
{
    /// <summary>Written under another name and to the disk first; whoever comes second keeps the first one's.</summary>
    public static void Make(string path, Func<byte[]> make)
    {
        if (File.Exists(path))
            return;
        var temporary = $"{path}.{Guid.NewGuid():N}";
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = PrivateFiles.FileMode;
            using (var file = new FileStream(temporary, options))
            {
                file.Write(make());
                file.Flush(flushToDisk: true);
            }
            PrivateFiles.GiveName(temporary, path);
            PrivateFiles.SyncNames(Path.GetDirectoryName(path)!); // Rows are sealed with it from now on: it must not be gone after a loss of power.
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another node was first.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HubStartException(StartFault.Failed, $"The key {path} cannot be made: {(e.InnerException ?? e).Message}", e);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>What processes that were killed left half-made. Only while no other process makes keys.</summary>
    public static void RemoveHalfMade(string path)
    {
        // Not by a pattern: "seal.key.*" would find seal.key itself.
        foreach (var left in Directory.EnumerateFiles(Path.GetDirectoryName(path)!).Where(file => file.StartsWith(path + ".", StringComparison.Ordinal)))
            File.Delete(left);
    }

    /// <param name="path">Of the key.</param>
    /// <param name="read">What it is; anything thrown says that it is none.</param>
    /// <exception cref="HubStartException">It cannot be read, or is damaged.</exception>
    public static T Read<T>(string path, Func<byte[], T> read)
    {
        byte[] bytes;
        PrivateFiles.CloseFile(path);
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HubStartException(StartFault.Failed, $"The key {path} cannot be read by the user {Environment.UserName}: {(e.InnerException ?? e).Message}", e);
        }
        try
        {
            return read(bytes);
        }
        catch (Exception e) when (e is FormatException or ArgumentException or System.Security.Cryptography.CryptographicException)
        {
            throw new HubStartException(StartFault.Failed, $"The key {path} is damaged. Put it back from a backup; a new one would not fit what was sealed with it", e);
        }
    }
}
