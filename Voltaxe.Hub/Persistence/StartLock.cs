namespace Voltaxe.Hub.Persistence;

/// <summary>
/// A lock between processes that the kernel lets go of when its holder dies, however it dies: what stays of it is an empty file that stops nobody.
/// </summary>
public static partial class StartLock
{
    /// <summary>How long a start waits for another one.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    /// <param name="path">The file of the lock, in a folder of the hub's own.</param>
    /// <param name="what">What its holder does, for the log: "make the hub's keys".</param>
    /// <param name="log">Told when there is somebody to wait for.</param>
    /// <param name="time">The clock of the wait.</param>
    /// <param name="ct">Ends the wait.</param>
    /// <exception cref="HubStartException">Somebody has held it all the time.</exception>
    public static async Task<IDisposable> TakeAsync(string path, string what, ILogger log, TimeProvider time, CancellationToken ct)
    {
        var began = time.GetTimestamp();
        for (var told = false; ; told = true)
        {
            PrivateFiles.MakeFile(path);
            if (TryTake(path) is { } taken)
            {
                if (told)
                    LogWaited(log, what, time.GetElapsedTime(began).TotalSeconds);
                return taken;
            }
            if (!told)
                LogWaiting(log, what, path);
            if (time.GetElapsedTime(began) > Limit)
                throw new HubStartException(StartFault.Failed, $"Another process has tried to {what} for {Limit.TotalSeconds} s and still holds {path}");
            await Task.Delay(Look, time, ct);
        }
    }

    private const int WouldBlock = 11, WouldBlockOnMac = 35, WindowsSharing = 32;

    private static FileStream? TryTake(string path)
    {
        try
        {
            return new FileStream(path, System.IO.FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        }
        catch (IOException e) when ((e.HResult & 0xFFFF) is WouldBlock or WouldBlockOnMac or WindowsSharing)
        {
            return null;
        }
    }

    [LoggerMessage(210, LogLevel.Information, "Waiting for another process that is about to {What}; it holds {Path}")]
    private static partial void LogWaiting(ILogger log, string what, string path);

    [LoggerMessage(211, LogLevel.Information, "Waited for another process to {What}: {Seconds:0.0} s")]
    private static partial void LogWaited(ILogger log, string what, double seconds);
}
