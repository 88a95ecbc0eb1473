using System.Net;
using System.Net.Sockets;
using Voltaxe.Agent.Platform.Rules;
using Voltaxe.Agent.Platform.Windows;
using Voltaxe.Agent.Tests.Execution;
using Voltaxe.Contracts.Commands;

namespace Voltaxe.Agent.Tests.Platform.OtherSystems;

public sealed class WindowsIsolationTests() : SystemIsolationTests(new FakeWindows())
{
    private static readonly Passage Some = new([IPEndPoint.Parse("192.0.2.7:8080"), IPEndPoint.Parse("[2001:db8::7]:8080")], ["10.1.0.0/16", "2001:db8:1::/48"]);

    private protected override IFirewall Firewall => new WindowsFirewall(System, "", Note);

    private protected override int StepsAfterLoading => 0;

    [Fact]
    public void The_rules_that_block_are_these()
    {
        const string tcp4 = "0.0.0.1-10.0.255.255,10.2.0.0-126.255.255.255,128.0.0.0-192.0.2.6,192.0.2.8-255.255.255.255";
        const string tcp6 = "::2-2001:db8::6,2001:db8::8-2001:db8:0:ffff:ffff:ffff:ffff:ffff,2001:db8:2::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
        const string all4 = "0.0.0.1-10.0.255.255,10.2.0.0-126.255.255.255,128.0.0.0-255.255.255.255";
        const string all6 = "::2-2001:db8:0:ffff:ffff:ffff:ffff:ffff,2001:db8:2::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
        const string icmp6 = "::2-2001:db8::6,2001:db8::8-2001:db8:0:ffff:ffff:ffff:ffff:ffff,2001:db8:2::-fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff,"
            + "fec0::-ff01:ffff:ffff:ffff:ffff:ffff:ffff:ffff,ff03::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
        var written = BlockRules.Of(Some, "Voltaxe-isolation-a").Select(r => string.Join(' ', r)).ToList();
        Assert.All(written, w => Assert.Contains(" action=block enable=yes profile=any protocol=", w, StringComparison.Ordinal));
        string[] whatIsBlocked =
        [
            $"protocol=TCP remoteip={tcp4},{tcp6}",
            "protocol=TCP remoteip=192.0.2.7 remoteport=0-8079,8081-65535",
            "protocol=TCP remoteip=2001:db8::7 remoteport=0-8079,8081-65535",
            $"protocol=UDP remoteip={all4},{all6} remoteport=0-66,68-546,548-65535",
            $"protocol=UDP remoteip={all4},{all6} remoteport=67 localport=0-67,69-65535",
            $"protocol=UDP remoteip={all4},{all6} remoteport=547 localport=0-545,547-65535",
            $"protocol=icmpv4 remoteip={all4}",
            $"protocol=icmpv6 remoteip={icmp6}",
            .. ((int[])[2, 4, 41, 47, 50, 51, 132]).Select(p => $"protocol={p} remoteip={all4},{all6}"),
        ];
        Assert.Equal(whatIsBlocked.SelectMany(w => (string[])[$"name=Voltaxe-isolation-a dir=out action=block enable=yes profile=any {w}", $"name=Voltaxe-isolation-a dir=in action=block enable=yes profile=any {w}"]), written);
    }

    [Theory]
    [InlineData("TCP", "192.0.2.7", 8080, 50000, true)]
    [InlineData("TCP", "2001:db8::7", 8080, 50000, true)]
    [InlineData("TCP", "192.0.2.7", 1, 50000, false)]
    [InlineData("TCP", "192.0.2.7", 65535, 50000, false)]
    [InlineData("UDP", "192.0.2.7", 8080, 50000, false)]
    [InlineData("TCP", "192.0.2.6", 8080, 50000, false)]
    [InlineData("TCP", "192.0.2.8", 8080, 50000, false)]
    [InlineData("TCP", "10.1.255.255", 22, 50000, true)]
    [InlineData("TCP", "10.2.0.0", 22, 50000, false)]
    [InlineData("UDP", "2001:db8:1::9", 53, 50000, true)]
    [InlineData("UDP", "2001:db8:2::9", 53, 50000, false)]
    [InlineData("UDP", "255.255.255.255", 67, 68, true)]
    [InlineData("UDP", "203.0.113.1", 67, 50000, false)]
    [InlineData("UDP", "203.0.113.1", 53, 68, false)]
    [InlineData("UDP", "ff02::1:2", 547, 546, true)]
    [InlineData("UDP", "fe80::1", 547, 68, false)]
    [InlineData("TCP", "fe80::1", 445, 50000, false)]
    [InlineData("icmpv6", "fe80::1", 0, 0, true)]
    [InlineData("icmpv6", "ff02::1:ff00:7", 0, 0, true)]
    [InlineData("icmpv6", "2001:db8::7", 0, 0, true)]
    [InlineData("icmpv6", "2001:db8::8", 0, 0, false)]
    [InlineData("icmpv4", "192.0.2.7", 0, 0, false)]
    [InlineData("TCP", "127.0.0.1", 80, 50000, true)]
    [InlineData("TCP", "::1", 80, 50000, true)]
    [InlineData("47", "203.0.113.1", 0, 0, false)]
    public void What_is_meant_passes_and_nothing_else(string protocol, string remote, int remotePort, int localPort, bool passes)
    {
        foreach (var direction in (string[])["dir=in", "dir=out"])
        {
            var blocks = BlockRules.Of(Some, "Voltaxe-isolation-a").Where(r => r.Contains(direction) && r.Contains($"protocol={protocol}"))
                .Any(r => Has(r, "remoteip=", t => Within(t, IPAddress.Parse(remote))) && Has(r, "remoteport=", t => Within(t, remotePort)) && Has(r, "localport=", t => Within(t, localPort)));
            Assert.Equal(!passes, blocks);
        }
    }

    [Fact]
    public void Several_hubs_at_one_address_leave_their_ports_open_and_one_that_is_allowed_needs_no_rule()
    {
        var two = new Passage([IPEndPoint.Parse("192.0.2.7:443"), IPEndPoint.Parse("192.0.2.7:444"), IPEndPoint.Parse("10.1.0.5:80")], ["10.1.0.0/16"]);
        var ports = BlockRules.Of(two, "x").SelectMany(r => r).Where(p => p.StartsWith("remoteport=", StringComparison.Ordinal)).Distinct();
        Assert.Equal(["remoteport=0-442,445-65535", "remoteport=0-66,68-546,548-65535", "remoteport=67", "remoteport=547"], ports);
        Assert.Equal("1-65534", BlockRules.PortsBut([0, 65535]));
    }

    [Theory]
    [InlineData(new string[0], "0.0.0.1-126.255.255.255,128.0.0.0-255.255.255.255")]
    [InlineData(new[] { "0.0.0.0/0" }, "")]
    [InlineData(new[] { "255.255.255.255" }, "0.0.0.1-126.255.255.255,128.0.0.0-255.255.255.254")]
    [InlineData(new[] { "128.0.0.0/1", "0.0.0.0/2" }, "64.0.0.0-126.255.255.255")]
    [InlineData(new[] { "10.0.0.0/8", "10.1.0.0/16", "9.255.255.254", "2001:db8::/32" }, "0.0.0.1-9.255.255.253,9.255.255.255,11.0.0.0-126.255.255.255,128.0.0.0-255.255.255.255")]
    public void All_addresses_but_some_are_these(string[] some, string ranges) => Assert.Equal(ranges, AddressRanges.AllBut(AddressFamily.InterNetwork, some));

    [Fact]
    public async Task A_profile_that_was_off_is_on_while_isolated_and_one_that_is_turned_off_meanwhile_is_tampering()
    {
        var windows = (FakeWindows)System;
        await Agent.IsolateAsync(Orders.Uid(1), new IsolateParams(null, []), false, default);
        Assert.All(windows.Profiles.Values, Assert.True);
        windows.Profiles["domainprofile"] = false;
        Assert.Equal(Contracts.Wire.RulesState.Tampered, (await Agent.ObserveAsync(default)).Rules);
        await Agent.ReapplyAsync(default);
        Assert.All(windows.Profiles.Values, Assert.True);
        await Agent.RestoreAsync(Orders.Uid(2), false, default);
        Assert.Equal((true, false), (windows.Profiles["domainprofile"], windows.Profiles["publicprofile"]));
    }

    [Fact]
    public async Task Rules_are_replaced_without_a_moment_between()
    {
        await Agent.IsolateAsync(Orders.Uid(1), new IsolateParams(null, []), false, default);
        System.Arm();
        await Agent.IsolateAsync(Orders.Uid(2), new IsolateParams(null, ["10.0.0.0/8"]), false, default);
        var deletes = System.Ran.FindIndex(r => r.Contains(" delete ", StringComparison.Ordinal));
        Assert.Equal((System.Ran.Count - 1, "netsh.exe advfirewall firewall delete rule name=Voltaxe-isolation-a"), (deletes, System.Ran[deletes]));
    }

    [Fact]
    public async Task Nobody_counts_refusals_here_so_that_nothing_is_called_verified()
    {
        NewSocket = Unconnectable;
        await Agent.IsolateAsync(Orders.Uid(1), ButIPv6, false, default);
        Assert.Contains("192.0.2.7:1: no way there, and this system does not count what its rules refuse", await Agent.WhyNotBlockedAsync(default), StringComparison.Ordinal);
    }

    private static bool Has(IReadOnlyList<string> rule, string key, Predicate<string> fits) =>
        rule.FirstOrDefault(p => p.StartsWith(key, StringComparison.Ordinal)) is not { } part || fits(part[key.Length..]);

    private static bool Within(string ranges, IPAddress address) => ranges.Split(',').Any(range =>
    {
        var ends = range.Split('-').Select(IPAddress.Parse).ToArray();
        return ends[0].AddressFamily == address.AddressFamily && Compare(ends[0], address) <= 0 && Compare(address, ends[^1]) <= 0;
    });

    private static bool Within(string ranges, int port) => ranges.Split(',').Any(range => range.Split('-').Select(int.Parse).ToArray() is var ends && ends[0] <= port && port <= ends[^1]);

    private static int Compare(IPAddress a, IPAddress b) => a.GetAddressBytes().AsSpan().SequenceCompareTo(b.GetAddressBytes());
}
