using System.Runtime.InteropServices;

namespace Voltaxe.Agent.Execution;

/// <summary>The system's time, with a timestamp that keeps running while the machine sleeps (CLOCK_BOOTTIME on Linux).</summary>
public sealed partial class BootTime : TimeProvider
{
    private const int ClockBootTime = 7;
    private const long NanosecondsPerTick = 100;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp()
    {
        if (!OperatingSystem.IsLinux())
            return Environment.TickCount64 * TimeSpan.TicksPerMillisecond;
        if (ClockGetTime(ClockBootTime, out var now) != 0)
            throw new InvalidOperationException($"CLOCK_BOOTTIME cannot be read (errno {Marshal.GetLastPInvokeError()})");
        return now.Seconds * TimeSpan.TicksPerSecond + now.Nanoseconds / NanosecondsPerTick;
    }

    /// <summary>A text that is another one after every boot.</summary>
    public static string ReadBootId() => OperatingSystem.IsLinux()
        ? File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim()
        // Elsewhere: the moment of the boot, to ten seconds. A wrong guess only makes the agent wait for one sync.
        : $"boot-{(System.GetUtcNow().UtcTicks - Environment.TickCount64 * TimeSpan.TicksPerMillisecond) / (10 * TimeSpan.TicksPerSecond)}";

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public nint Seconds;
        public nint Nanoseconds;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime", SetLastError = true)]
    private static partial int ClockGetTime(int clock, out TimeSpec now);
}
