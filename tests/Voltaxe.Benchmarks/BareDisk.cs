using System.Diagnostics;
using System.Runtime.InteropServices;
using Voltaxe.Testing;

namespace Voltaxe.Benchmarks;

/// <summary>What the disk alone costs a command: four records of the agent's journal and two commits of the hub, each behind the other.</summary>
public static partial class BareDisk
{
    private const int RecordBytes = 500, CommitBytes = 24 * 1024, Rounds = 300;

    /// <summary>Milliseconds of a round, the median. A pause as long as a command takes comes before each: a disk that is not kept busy answers more slowly.</summary>
    public static async Task<double> SixSyncsAsync(TimeSpan pause)
    {
        using var folder = new TempFolder("disk");
        using var journal = File.OpenHandle(folder.File("journal"), FileMode.Create, FileAccess.ReadWrite);
        using var log = File.OpenHandle(folder.File("log"), FileMode.Create, FileAccess.ReadWrite);
        var times = new List<double>();
        for (var round = 0; round < Rounds; round++)
        {
            await Task.Delay(pause, TimeProvider.System);
            var began = Stopwatch.GetTimestamp();
            Append(log, CommitBytes);
            for (var i = 0; i < 4; i++)
                Append(journal, RecordBytes);
            Append(log, CommitBytes);
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }
        times.Sort();
        return times[times.Count / 2];
    }

    private static void Append(Microsoft.Win32.SafeHandles.SafeFileHandle file, int bytes)
    {
        RandomAccess.Write(file, new byte[bytes], RandomAccess.GetLength(file));
        if (DataSync(file) != 0)
            throw new IOException($"fdatasync failed: error {Marshal.GetLastPInvokeError()}");
    }

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int DataSync(Microsoft.Win32.SafeHandles.SafeFileHandle file);
}
