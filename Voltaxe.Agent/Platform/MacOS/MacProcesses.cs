using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Voltaxe.Agent.Platform.MacOS;

/// <summary>
/// macOS has nothing that holds on to a process: between the look at its start and the signal another could get the pid. That is
/// microseconds, and pids are given out in turn.
/// </summary>
public sealed partial class MacProcesses(Exec exec, TimeSpan grace, TimeProvider time) : ProcessesByStart(grace)
{
    private const int SigTerm = 15, NoSuchProcess = 3, MaxCommandLineChars = 400, MaxListBytes = 4 * 1024 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Ending these takes the host down or hides what happens on it.</summary>
    private static readonly string[] Protected = ["launchd", "kernel_task", "WindowServer", "loginwindow", "opendirectoryd", "securityd", "trustd", "logd", "configd", "notifyd", "endpointsecurityd", "syspolicyd"];

    /// <summary>Parts of the sealed system volume.</summary>
    private static readonly string[] Homes = ["/System/", "/usr/libexec/", "/usr/sbin/", "/usr/bin/", "/sbin/"];

    protected override string Force => "SIGKILL";

    protected override string? WhyProtected(Process process, Identity found) =>
        found.Pid <= 1 ? "it is the first process of the host"
        : found.Pid == GetParent() ? "it is this agent's parent"
        : IsTheSystems(found.Name, Try(() => process.MainModule?.FileName)) ? "it is on the list of protected processes"
        : null;

    /// <summary>A name protects nobody: a process on the list counts only with an executable from the sealed system volume. One whose path cannot be read is protected.</summary>
    internal static bool IsTheSystems(string name, string? path) => Protected.Contains(name, StringComparer.Ordinal)
        && (path is null || Homes.Any(home => path.StartsWith(home, StringComparison.Ordinal)));

    protected override string? Ask(Process process)
    {
        if (Signal(process.Id, SigTerm) != 0 && Marshal.GetLastPInvokeError() is not NoSuchProcess and var errno)
            throw new PlatformException("not_permitted", $"SIGTERM could not be sent (errno {errno})");
        return "SIGTERM";
    }

    protected override bool SameName(string found, string meant) => found == meant;

    protected override void Describe(IReadOnlyDictionary<int, JsonObject> entries)
    {
        var bytes = new MemoryStream();
        try
        {
            exec.Pour("/bin/ps", ["-axo", "pid=,ppid=,uid=,command="], piece =>
            {
                bytes.Write(piece);
                return bytes.Length < MaxListBytes;
            }, Patience, time, CancellationToken.None);
        }
        catch (PlatformException)
        {
            // What .NET knows by itself stays.
        }
        Add(Encoding.UTF8.GetString(bytes.ToArray()), entries);
    }

    /// <summary>Lines of pid, parent, user and command line.</summary>
    internal static void Add(string listed, IReadOnlyDictionary<int, JsonObject> entries)
    {
        foreach (Match line in Listed().Matches(listed))
        {
            if (!int.TryParse(line.Groups["pid"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var pid) || !entries.TryGetValue(pid, out var entry))
                continue;
            entry["ppid"] = int.TryParse(line.Groups["ppid"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var parent) ? parent : 0;
            entry["uid"] = long.TryParse(line.Groups["uid"].ValueSpan, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var user) ? user : null;
            var command = line.Groups["command"].Value.TrimEnd();
            entry["command_line"] = command.Length <= MaxCommandLineChars ? command : command[..MaxCommandLineChars] + "…";
        }
    }

    [GeneratedRegex(@"^[ \t]*(?<pid>\d+)[ \t]+(?<ppid>\d+)[ \t]+(?<uid>-?\d+)[ \t]+(?<command>.*)$", RegexOptions.Multiline)]
    private static partial Regex Listed();

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Signal(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "getppid")]
    private static partial int GetParent();
}
