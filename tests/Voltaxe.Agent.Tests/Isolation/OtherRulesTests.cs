using Voltaxe.Agent.Platform;
using Voltaxe.Testing;

namespace Voltaxe.Agent.Tests.Isolation;

/// <summary>The host's own firewall is none of our business.</summary>
public sealed class OtherRulesTests
{
    [NeedsFact(Needs.Linux | Needs.Root | Needs.NetNamespaces | Needs.Nft)]
    public async Task Nftables_rules_are_byte_identical_after_isolate_and_restore()
    {
        await using var rig = new Rig();
        rig.Host.Tool("nft", "add table inet mine; add set inet mine s { type ipv4_addr; flags interval; }; add element inet mine s { 10.0.0.0/8 }; add chain inet mine in { type filter hook input priority 0; policy accept; }; add rule inet mine in ip saddr @s tcp dport 22 counter accept");
        rig.Host.Tool("nft", "add table netdev mine; add chain netdev mine eth { type filter hook ingress device eth0 priority 0; }");
        var before = rig.Host.Tool("nft", "-s", "list", "ruleset");
        await rig.Rules.IsolateAsync(Guid.NewGuid(), new(null, ["10.1.0.0/16"]), false, default);
        Assert.NotEqual(before, rig.Host.Tool("nft", "-s", "list", "ruleset"));
        await rig.Rules.RestoreAsync(Guid.NewGuid(), false, default);
        Assert.Equal(before, rig.Host.Tool("nft", "-s", "list", "ruleset"));
    }

    [IptablesFact]
    public async Task Iptables_rules_are_byte_identical_after_isolate_and_restore()
    {
        await using var rig = new Rig();
        rig.Host.Tool("iptables", "-A", "INPUT", "-p", "tcp", "--dport", "22", "-m", "conntrack", "--ctstate", "NEW", "-j", "ACCEPT");
        rig.Host.Tool("iptables", "-t", "nat", "-A", "POSTROUTING", "-o", "eth0", "-j", "MASQUERADE");
        rig.Host.Tool("ip6tables", "-A", "FORWARD", "-j", "DROP");
        string Saved() => string.Join('\n', ((string[])["iptables-save", "ip6tables-save"])
            .SelectMany(program => rig.Host.Tool(program).Split('\n')).Where(line => !line.StartsWith('#')));
        var before = Saved();
        Assert.Contains("MASQUERADE", before, StringComparison.Ordinal);
        await rig.Rules.IsolateAsync(Guid.NewGuid(), new(null, []), false, default);
        Assert.Equal(before, Saved());
        await rig.Rules.RestoreAsync(Guid.NewGuid(), false, default);
        Assert.Equal(before, Saved());
    }

    /// <summary>Skipped by name where iptables is not installed or does not work in a namespace.</summary>
    private sealed class IptablesFactAttribute : FactAttribute
    {
        public IptablesFactAttribute() => Skip = Machine.WhatIsMissing(Needs.Linux | Needs.Root | Needs.NetNamespaces | Needs.Nft)
            ?? (Exec.Find("iptables") is null ? "This machine lacks iptables" : null);
    }
}
