using Voltaxe.Agent.Configuration;
using Voltaxe.Agent.Platform.Rules;

namespace Voltaxe.Agent.Platform.Windows;

/// <summary>Finds out what this Windows host lets the agent do. Experimental: its parts are tested, none of them on Windows.</summary>
public static class WindowsPlatform
{
    public static HostPlatform Make(IHubWhereabouts hubs, StateFolder folder, IsolationTies ties)
    {
        RulesIsolation? isolation = null;
        if (Environment.IsPrivilegedProcess)
        {
            var store = new IsolationStore(folder.IsolationFile);
            isolation = new RulesIsolation(new WindowsFirewall(new Exec(), Environment.SystemDirectory, folder.File("firewall-profiles")), hubs, store, ties);
            hubs.Pin(store.Read()?.Hubs);
        }
        return new HostPlatform("windows", isolation, new WindowsProcesses(), null)
        {
            Missing = HostPlatform.Lacking("windows", isolation is null ? "the agent does not run as an administrator" : null),
            Marks = [HostPlatform.Experimental],
        };
    }
}
