using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Microsoft.Win32.SafeHandles;

namespace Voltaxe.Agent.Platform.Windows;

/// <summary>Windows has no way to ask a process without a window to end: it is ended at once.</summary>
public sealed partial class WindowsProcesses() : ProcessesByStart(TimeSpan.Zero)
{
    private const int LastOfTheKernel = 4;

    /// <summary>Ending these takes the host down or hides what happens on it.</summary>
    private static readonly string[] Protected = ["System", "Registry", "smss", "csrss", "wininit", "services", "lsass", "LsaIso", "winlogon", "fontdrvhost", "dwm", "MsMpEng", "Sysmon", "Sysmon64"];

    protected override string Force => "TerminateProcess";

    protected override string? WhyProtected(Process process, Identity found) =>
        found.Pid <= LastOfTheKernel ? "it is the kernel's"
        : Protected.Contains(found.Name, StringComparer.OrdinalIgnoreCase) ? "it is on the list of protected processes"
        // Windows stops with a blue screen when one of these ends.
        : OperatingSystem.IsWindows() && IsCritical(process.SafeHandle, out var critical) && critical ? "Windows calls it critical"
        : null;

    protected override string? Ask(Process process) => null;

    /// <summary>.NET leaves the ending out; people may not.</summary>
    protected override bool SameName(string found, string meant) =>
        string.Equals(found, meant.EndsWith(".exe", StringComparison.OrdinalIgnoreCase) ? meant[..^4] : meant, StringComparison.OrdinalIgnoreCase);

    protected override void Describe(IReadOnlyDictionary<int, JsonObject> entries)
    {
        foreach (var (pid, entry) in entries)
        {
            entry["kernel"] = pid <= LastOfTheKernel;
            entry["exe"] = Try(() => PathOf(pid));
        }
    }

    private static string? PathOf(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            return process.MainModule?.FileName;
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    [LibraryImport("kernel32", EntryPoint = "IsProcessCritical", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool IsCritical(SafeProcessHandle process, [MarshalAs(UnmanagedType.Bool)] out bool critical);
}
