using System.Net;
using Voltaxe.Agent.Configuration;
using Voltaxe.Agent.Platform;
using Voltaxe.Agent.Platform.MacOS;
using Voltaxe.Agent.Platform.Rules;
using Voltaxe.Agent.Platform.Windows;
using Voltaxe.Agent.Tests.Execution;
using Voltaxe.Agent.Tests.Isolation;
using Voltaxe.Contracts.Commands;
using Voltaxe.Testing;

namespace Voltaxe.Agent.Tests.Platform.OtherSystems;

public sealed class PlatformTests : IDisposable
{
    private readonly TempFolder folder = new("platform");

    public void Dispose() => folder.Dispose();

    private HostPlatform Make(Func<IHubWhereabouts, StateFolder, IsolationTies, HostPlatform> make) => make(new Rig.Whereabouts { Hub = IPEndPoint.Parse("192.0.2.7:8080") },
        StateFolder.At(folder.Root), new IsolationTies("boot-1", () => Orders.Noon, () => false, IsolationTies.HostSocket, TimeProvider.System));

    [Fact]
    public void Both_say_that_they_are_experimental_and_why_they_do_not_collect()
    {
        foreach (var platform in (HostPlatform[])[Make(WindowsPlatform.Make), Make(MacPlatform.Make)])
        {
            Assert.Contains("experimental", platform.Capabilities);
            Assert.Contains(CommandNames.KillProcess, platform.Capabilities);
            Assert.DoesNotContain(CommandNames.CollectForensics, platform.Capabilities);
            Assert.Equal($"this version does not collect on {platform.Name}", platform.WhyMissing(CommandNames.CollectForensics));
        }
    }

    [Fact]
    public void Without_its_programs_or_rights_neither_isolates_and_both_say_why()
    {
        var mac = Make(MacPlatform.Make);
        Assert.True(OperatingSystem.IsMacOS() || mac.Isolation is null && mac.WhyMissing(CommandNames.NetworkRestore).Contains("/sbin/pfctl is not there", StringComparison.Ordinal));
        var windows = Make(WindowsPlatform.Make);
        Assert.Equal(Environment.IsPrivilegedProcess, windows.Isolation is IRulesIsolation);
        Assert.Equal(!Environment.IsPrivilegedProcess, windows.Missing.ContainsKey(CommandNames.NetworkIsolate));
    }
}
