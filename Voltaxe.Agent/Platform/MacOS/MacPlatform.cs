using Voltaxe.Agent.Configuration;
using Voltaxe.Agent.Platform.Rules;

namespace Voltaxe.Agent.Platform.MacOS;

/// <summary>Finds out what this Mac lets the agent do. Experimental: its parts are tested, none of them on a Mac.</summary>
public static class MacPlatform
{
    private const string PfCtl = "/sbin/pfctl";
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    public static HostPlatform Make(IHubWhereabouts hubs, StateFolder folder, IsolationTies ties)
    {
        var exec = new Exec();
        RulesIsolation? isolation = null;
        var whyNot = !File.Exists(PfCtl) ? $"{PfCtl} is not there" : !Environment.IsPrivilegedProcess ? "the agent does not run as root" : null;
        if (whyNot is null)
        {
            var store = new IsolationStore(folder.IsolationFile);
            isolation = new RulesIsolation(new PfFirewall(exec, PfCtl, folder.File("pf-token")), hubs, store, ties);
            hubs.Pin(store.Read()?.Hubs);
        }
        return new HostPlatform("macos", isolation, new MacProcesses(exec, Grace, ties.Time), null)
        {
            Missing = HostPlatform.Lacking("macos", whyNot),
            Marks = [HostPlatform.Experimental],
        };
    }
}
