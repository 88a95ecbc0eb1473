using System.Security.Cryptography;

namespace Voltaxe.Hub.Evidence;

/// <summary>A file of the vault, open to write. Whoever has it is the only one.</summary>
public sealed class VaultFile(FileStream file) : IAsyncDisposable
{
    private const int BufferBytes = 128 * 1024;

    public long Length => VaultException.Guard(() => file.Length);

    /// <summary>Cuts off what lies behind.</summary>
    public void CutTo(long length) => VaultException.Guard(() =>
    {
        file.SetLength(length);
        return length;
    });

    /// <summary>How many bytes there were; one more than <paramref name="most"/> stands for too many.</summary>
    /// <exception cref="IOException">The body broke off.</exception>
    public async Task<long> CopyAsync(Stream body, long offset, long most, CancellationToken ct)
    {
        var buffer = new byte[BufferBytes];
        var written = 0L;
        int read;
        while ((read = await body.ReadAsync(buffer, ct)) > 0)
        {
            if (written + read > most)
                return most + 1;
            var (count, at) = (read, offset + written);
            await VaultException.GuardAsync(async () => await RandomAccess.WriteAsync(file.SafeFileHandle, buffer.AsMemory(0, count), at, ct));
            written += read;
        }
        return written;
    }

    /// <summary>What was written survives a loss of power.</summary>
    public void FlushToDisk() => VaultException.Guard(() =>
    {
        file.Flush(flushToDisk: true);
        return 0;
    });

    /// <summary>SHA-256 of all of it, in lower-case hexadecimal.</summary>
    public async Task<string> HashAsync()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[BufferBytes];
        await VaultException.GuardAsync(async () =>
        {
            int read;
            for (var at = 0L; (read = await RandomAccess.ReadAsync(file.SafeFileHandle, buffer, at)) > 0; at += read)
                hash.AppendData(buffer, 0, read);
        });
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    public ValueTask DisposeAsync() => file.DisposeAsync();
}

/// <summary>The disk of the vault failed, or is full.</summary>
public sealed class VaultException(Exception inner) : Exception("the vault failed: " + inner.Message, inner)
{
    private const int NoSpace = 28, Quota = 122, WindowsHandleDiskFull = 39, WindowsDiskFull = 112;

    public bool IsFull => InnerException is IOException && (InnerException.HResult & 0xFFFF) is NoSpace or Quota or WindowsHandleDiskFull or WindowsDiskFull;

    /// <summary>Whatever the disk says becomes one of ours, so that it cannot be taken for a body that broke off.</summary>
    public static T Guard<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new VaultException(e);
        }
    }

    /// <inheritdoc cref="Guard{T}"/>
    public static async Task GuardAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new VaultException(e);
        }
    }
}
