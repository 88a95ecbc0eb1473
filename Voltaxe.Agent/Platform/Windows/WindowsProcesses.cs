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

    /// <summary>Where only administrators can write.</summary>
    private static readonly string[] Homes = [@"C:\Windows\", @"C:\Program Files\", @"C:\ProgramData\Microsoft\Windows Defender\", @"\SystemRoot\", .. OperatingSystem.IsWindows() ? [Environment.GetFolderPath(Environment.SpecialFolder.Windows) + @"\"] : Array.Empty<string>()];

    protected override string Force => "TerminateProcess";

    protected override string? WhyProtected(Process process, Identity found) =>
        found.Pid <= LastOfTheKernel ? "it is the kernel's"
        : IsTheSystems(found.Name, PathOf(process.Id)) ? "it is on the list of protected processes"
        // Windows stops with a blue screen when one of these ends.
        : OperatingSystem.IsWindows() && IsCritical(process.SafeHandle, out var critical) && critical ? "Windows calls it critical"
        : null;

    /// <summary>A name protects nobody: a process on the list counts only with an executable from where Windows keeps its own. One whose path cannot be read is protected.</summary>
    internal static bool IsTheSystems(string name, string? path)
    {
        if (!Protected.Contains(name, StringComparer.OrdinalIgnoreCase))
            return false;
        var whole = path?.Replace('/', '\\');
        return whole is null || Homes.Any(home => whole.StartsWith(home, StringComparison.OrdinalIgnoreCase));
    }

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
