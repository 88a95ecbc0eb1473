using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Voltaxe.Agent.Platform.Linux;

/// <summary>The system calls that .NET does not wrap. Numbers are the same on x64 and arm64.</summary>
internal static partial class Native
{
    public const int SigTerm = 15, SigKill = 9, NoSuchProcess = 3, NotPermitted = 1;

    private const int PidFdOpen = 434, PidFdSendSignal = 424, PidFdGetFd = 438, Busy = 16, ShutBoth = 2;
    private const short PollIn = 1;

    [StructLayout(LayoutKind.Sequential)]
    private struct PollFd
    {
        public int Fd;
        public short Events;
        public short Returned;
    }

    public static uint EffectiveUser() => GetEffectiveUser();

    /// <summary>A handle that keeps meaning this process, even when its pid is given to another; null when there is none.</summary>
    public static SafeFileHandle? OpenProcess(int pid)
    {
        var fd = (int)Syscall(PidFdOpen, pid, 0, 0, 0);
        if (fd >= 0)
            return new SafeFileHandle(fd, ownsHandle: true);
        return Marshal.GetLastPInvokeError() == NoSuchProcess
            ? null
            : throw new PlatformException("not_available", $"pidfd_open failed (errno {Marshal.GetLastPInvokeError()})");
    }

    /// <summary>0, or the errno.</summary>
    public static int Signal(SafeFileHandle process, int signal) =>
        Syscall(PidFdSendSignal, process.DangerousGetHandle(), signal, 0, 0) == 0 ? 0 : Marshal.GetLastPInvokeError();

    /// <summary>True when the process has ended, or does within the time.</summary>
    public static bool WaitForEnd(SafeFileHandle process, TimeSpan atMost)
    {
        var poll = new PollFd { Fd = (int)process.DangerousGetHandle(), Events = PollIn };
        return Poll(ref poll, 1, (int)atMost.TotalMilliseconds) > 0;
    }

    /// <summary>
    /// Ends the connection of a socket that a process holds, whatever network namespace it belongs to: as if that process had reset it.
    /// 0, or the errno. Needs the right to trace the process (CAP_SYS_PTRACE).
    /// </summary>
    public static int ResetConnection(SafeFileHandle process, int fd)
    {
        var raw = (int)Syscall(PidFdGetFd, process.DangerousGetHandle(), fd, 0, 0);
        if (raw < 0)
            return Marshal.GetLastPInvokeError();
        using var socket = new SafeFileHandle(raw, ownsHandle: true);
        // An address without a family means: no connection any more.
        Span<byte> nowhere = stackalloc byte[16];
        nowhere.Clear();
        if (Connect(raw, nowhere, nowhere.Length) == 0)
            return 0;
        if (Marshal.GetLastPInvokeError() != Busy)
            return Marshal.GetLastPInvokeError();
        // Some kernels (6.4 to 6.6) do not do it while the process waits for data: then it is woken first.
        _ = Shutdown(raw, ShutBoth);
        return Connect(raw, nowhere, nowhere.Length) == 0 ? 0 : Marshal.GetLastPInvokeError();
    }

    [LibraryImport("libc", EntryPoint = "connect", SetLastError = true)]
    private static partial int Connect(int socket, ReadOnlySpan<byte> address, int length);

    [LibraryImport("libc", EntryPoint = "shutdown", SetLastError = true)]
    private static partial int Shutdown(int socket, int how);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint GetEffectiveUser();

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Syscall(nint number, nint a, nint b, nint c, nint d);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(ref PollFd fds, nuint count, int milliseconds);
}
