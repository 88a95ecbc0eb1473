using System.Runtime.InteropServices;

namespace Voltaxe.Agent.Platform.Linux.Forensics;

/// <summary>Linux gives processor and disk by thread, and what a thread starts inherits both.</summary>
internal static partial class Yielding
{
    private const int ThisThread = 0, Process = 0, LowestNice = 19, ByProcess = 1, IdleClass = 3 << 13;
    // ioprio_set
    private static readonly nint SetDiskPriority = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 30 : 251;

    /// <summary>The calling thread gets processor and disk when nobody else wants them.</summary>
    public static string GiveWay()
    {
        var processor = SetPriority(Process, ThisThread, LowestNice) == 0 ? "nice 19" : $"nice not set (errno {Marshal.GetLastPInvokeError()})";
        var disk = Syscall(SetDiskPriority, ByProcess, ThisThread, IdleClass) == 0 ? "disk when idle" : $"disk priority not set (errno {Marshal.GetLastPInvokeError()})";
        return $"{processor}, {disk}";
    }

    [LibraryImport("libc", EntryPoint = "setpriority", SetLastError = true)]
    private static partial int SetPriority(int which, int who, int priority);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Syscall(nint number, nint a, nint b, nint c);
}
