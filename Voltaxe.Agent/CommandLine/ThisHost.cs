using Voltaxe.Agent.Configuration;
using Voltaxe.Agent.Platform;
using Voltaxe.Agent.Platform.DryRun;
using Voltaxe.Agent.Platform.Linux;
using Voltaxe.Agent.Platform.MacOS;
using Voltaxe.Agent.Platform.Rules;
using Voltaxe.Agent.Platform.Windows;
using Voltaxe.Contracts.Commands;

namespace Voltaxe.Agent.CommandLine;

/// <summary>Chooses the platform for the operating system that this runs on.</summary>
internal static class ThisHost
{
    public static async Task<HostPlatform> MakeAsync(bool dryRun, AgentSettings settings, StateFolder folder, IHubWhereabouts hubs, IsolationTies ties, CancellationToken ct)
    {
        if (OperatingSystem.IsLinux())
        {
            var forensics = LinuxPlatform.Forensics(ties, folder.Path, settings.TempFolders);
            var guarded = new ProtectedProcesses(settings.ProtectedExecutables);
            return dryRun
                ? DryRunHost.Make(folder.File("effects.log"), ties.Now, forensics, () => LinuxProcessList.Read(ties.BootId, guarded.Now()))
                : await LinuxPlatform.MakeAsync(hubs, folder, ties, forensics, guarded, ct);
        }
        return dryRun ? DryRunHost.Make(folder.File("effects.log"), ties.Now, null, () => [])
            : OperatingSystem.IsWindows() ? WindowsPlatform.Make(hubs, folder, ties)
            : OperatingSystem.IsMacOS() ? MacPlatform.Make(hubs, folder, ties)
            : new HostPlatform(Environment.OSVersion.Platform.ToString(), null, null, null)
            {
                Missing = CommandNames.All.ToDictionary(c => c, c => $"this version does not do {c} on this system"),
            };
    }
}
