using System.Net;
using Voltaxe.Agent.Platform.MacOS;
using Voltaxe.Agent.Platform.Rules;
using Voltaxe.Agent.Tests.Execution;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Tests.Platform.OtherSystems;

public sealed class MacIsolationTests() : SystemIsolationTests(new FakeMac())
{
    private static readonly IsolateParams Plain = new(null, []);

    private protected override IFirewall Firewall => new PfFirewall(System, "/sbin/pfctl", Note);

    /// <summary>Forgetting states.</summary>
    private protected override int StepsAfterLoading => 1;

    private FakeMac Mac => (FakeMac)System;

    /// <summary>The one thing that can be left: a reference whose token the agent had no time to hear of. pf stays on then, with the rules that it had.</summary>
    private protected override void AssertAsBefore(int step)
    {
        if (System.Unheard == "pfctl -E")
            Mac.ForgetReferences();
        base.AssertAsBefore(step);
    }

    [Fact]
    public void The_anchor_is_this()
    {
        var passage = new Passage([IPEndPoint.Parse("192.0.2.7:8080"), IPEndPoint.Parse("[2001:db8::7]:8443")], ["10.1.0.0/16", "2001:db8:1::/48"]);
        Assert.Equal("""
            pass quick on lo0 all no state
            pass out quick inet proto tcp from any to 192.0.2.7 port 8080 user 0 no state
            pass in quick inet proto tcp from 192.0.2.7 port 8080 to any flags A/A no state
            pass in quick inet proto tcp from 192.0.2.7 port 8080 to any flags R/R no state
            pass out quick inet6 proto tcp from any to 2001:db8::7 port 8443 user 0 no state
            pass in quick inet6 proto tcp from 2001:db8::7 port 8443 to any flags A/A no state
            pass in quick inet6 proto tcp from 2001:db8::7 port 8443 to any flags R/R no state
            pass out quick inet proto udp from any port 68 to any port 67 no state
            pass in quick inet proto udp from any port 67 to any port 68 no state
            pass out quick inet6 proto udp from any port 546 to any port 547 no state
            pass in quick inet6 proto udp from fe80::/10 port 547 to any port 546 no state
            pass out quick inet6 proto icmp6 all icmp6-type { 133, 135, 136 } no state
            pass in quick inet6 proto icmp6 all icmp6-type { 134, 135, 136 } no state
            pass out quick inet from any to 10.1.0.0/16 no state
            pass in quick inet from 10.1.0.0/16 to any no state
            pass out quick inet6 from any to 2001:db8:1::/48 no state
            pass in quick inet6 from 2001:db8:1::/48 to any no state
            block return-rst out quick proto tcp from any to any port 1 label "voltaxe-probe"
            block return quick all

            """, PfRules.ToText(passage));
    }

    [Theory]
    [InlineData("", "anchor \"com.voltaxe\" all\n")]
    [InlineData("pass all\n", "anchor \"com.voltaxe\" all\npass all\n")]
    [InlineData("scrub in all\nno scrub out all\nanchor \"com.apple/*\" all\n", "scrub in all\nno scrub out all\nanchor \"com.voltaxe\" all\nanchor \"com.apple/*\" all\n")]
    [InlineData("anchor \"com.apple/*\" all\nanchor \"com.voltaxe\" all\npass all\n", "anchor \"com.voltaxe\" all\nanchor \"com.apple/*\" all\npass all\n")]
    public void Our_anchor_comes_before_every_other_filter_rule_and_once(string main, string with)
    {
        Assert.Equal(with, PfRules.With(main));
        Assert.True(PfRules.IsFirst(with));
        Assert.Equal(with, PfRules.With(with));
        Assert.Equal(PfRules.Without(main), PfRules.Without(with));
        Assert.DoesNotContain("voltaxe", PfRules.Without(with), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_programs_that_are_run_are_these()
    {
        await Agent.IsolateAsync(Orders.Uid(1), Plain, false, default);
        Assert.Equal(["pfctl -R -f -", "pfctl -E", "pfctl -a com.voltaxe -f -", "pfctl -F states"], System.Ran);
        Assert.False(Mac.HasStates);
        System.Arm();
        await Agent.IsolateAsync(Orders.Uid(2), new IsolateParams(null, ["10.0.0.0/8"]), false, default);
        Assert.Equal(["pfctl -a com.voltaxe -f -", "pfctl -F states"], System.Ran);
        System.Arm();
        await Agent.RestoreAsync(Orders.Uid(3), false, default);
        Assert.Equal(["pfctl -a com.voltaxe -F rules", "pfctl -R -f -", "pfctl -X 16213587263843573541"], System.Ran);
    }

    [Fact]
    public async Task What_others_load_into_the_main_ruleset_meanwhile_stays_and_pushes_us_from_the_front_only_until_it_is_seen()
    {
        await Agent.IsolateAsync(Orders.Uid(1), Plain, false, default);
        Mac.Main = "pass quick all\n" + Mac.Main;
        Assert.Equal(RulesState.Tampered, (await Agent.ObserveAsync(default)).Rules);
        await Agent.ReapplyAsync(default);
        Assert.True(PfRules.IsFirst(Mac.Main));
        await Agent.RestoreAsync(Orders.Uid(2), false, default);
        Assert.Equal(PfRules.With("pass quick all\n" + new FakeMac().Main).Split('\n').Order(), [.. Mac.Main.Split('\n').Append("anchor \"com.voltaxe\" all").Order()]);
    }

    [Fact]
    public async Task After_a_restart_of_the_machine_all_of_it_is_put_back_with_a_reference_that_counts()
    {
        await Agent.IsolateAsync(Orders.Uid(1), Plain, false, default);
        Mac.Reboot();
        Assert.Equal(RulesState.Missing, (await Agent.ObserveAsync(default)).Rules);
        Assert.Equal(RulesState.Missing, (await Agent.ReapplyAsync(default))!.Found);
        Assert.Equal(RulesState.Intact, (await Agent.ObserveAsync(default)).Rules);
        await Agent.RestoreAsync(Orders.Uid(2), false, default);
        Assert.Equal(new FakeMac().Snapshot(), Mac.Snapshot());
    }

    [Fact]
    public async Task A_refusal_that_the_probes_rule_has_counted_proves_the_block_and_one_that_it_has_not_does_not()
    {
        var counts = true;
        NewSocket = family =>
        {
            Mac.ProbesRefused += counts ? 1 : 0;
            return Unconnectable(family);
        };
        await Agent.IsolateAsync(Orders.Uid(1), ButIPv6, false, default);
        Assert.Null(await Agent.WhyNotBlockedAsync(default));
        counts = false;
        Assert.Contains("no refusal of the rules was seen (192.0.2.7:1: no way there;", await Agent.WhyNotBlockedAsync(default), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refusals_are_counted_by_the_probes_own_rule()
    {
        Assert.Equal(0, await Firewall.RefusedAsync(default));
        Mac.ProbesRefused = 3;
        Assert.Equal(3, await Firewall.RefusedAsync(default));
        Assert.Equal(7, PfRules.Refused("voltaxe-probe 9 3 180 0 0 3 180 \nvoltaxe-probe 9 4 240 0 0 4 240 \nvoltaxe-probe-not 9 5 1 1 1 1 1\nnonsense\n"));
    }
}
