using System.Net;
using Voltaxe.Agent.Actions;
using Voltaxe.Agent.Tests.Execution;
using Voltaxe.Contracts.Wire;
using Voltaxe.Testing;

namespace Voltaxe.Agent.Tests.Isolation;

/// <summary>An isolation is what was seen to be one; and who may take it back.</summary>
public sealed class ProofTests
{
    private const Needs Network = Needs.Linux | Needs.Root | Needs.NetNamespaces | Needs.Nft;

    private static string? Why(ActionResult result) => result.Data?.TryGetProperty("verified_why_not", out var why) == true ? why.GetString() : null;

    [NeedsFact(Network)]
    public async Task It_is_verified_when_the_hub_answered_through_the_rules_and_they_were_seen_to_refuse()
    {
        await using var rig = new Rig();
        await rig.HearAsync();
        var done = await rig.IsolateAsync(1);
        Assert.Equal((Outcome.Executed, true, null), (done.Outcome, done.Verified, Why(done)));
        Assert.NotNull(rig.Watch.Current!.VerifiedAt);
    }

    [NeedsFact(Network)]
    public async Task It_is_not_verified_where_everything_that_could_be_tried_is_allowed()
    {
        await using var rig = new Rig();
        await rig.HearAsync();
        var done = await rig.IsolateAsync(1, false, "0.0.0.0/0", "::/0");
        Assert.Equal((Outcome.Executed, false), (done.Outcome, done.Verified));
        Assert.Contains("allowed", Why(done), StringComparison.Ordinal);
        Assert.Null(rig.Watch.Current!.VerifiedAt);
    }

    [NeedsFact(Network)]
    public async Task A_refusal_that_is_not_the_rules_own_verifies_nothing()
    {
        await using var rig = new Rig();
        await rig.HearAsync();
        // Somebody's table refuses before ours is asked: that ours refuses too has not been seen then.
        rig.Host.Tool("nft", "add table inet other; add chain inet other out { type filter hook output priority -100; }; add rule inet other out tcp dport 1 reject with tcp reset");
        var done = await rig.IsolateAsync(1);
        Assert.Equal((Outcome.Executed, false), (done.Outcome, done.Verified));
        Assert.Contains("not by the rules", Why(done), StringComparison.Ordinal);
    }

    [NeedsFact(Network)]
    public async Task Rules_that_cut_off_a_hub_that_had_answered_are_taken_back_and_the_command_has_failed()
    {
        await using var rig = new Rig();
        await rig.HearAsync();
        rig.Where.Hub = new IPEndPoint(rig.Hub.Address, 9);
        var said = rig.Syncs;
        var running = rig.IsolateAsync(1);
        await Eventually.TrueAsync(() => rig.Syncs > said && rig.Tables.Contains("voltaxe", StringComparison.Ordinal));
        rig.Time.Advance(IsolationProof.Patience);
        var done = await running.Within();
        Assert.True(IsolationProof.Patience < TimeSpan.FromSeconds(30));
        Assert.Equal((Outcome.Failed, "control_channel_lost"), (done.Outcome, done.Data!.Value.GetProperty("error").GetString()));
        Assert.DoesNotContain("voltaxe", rig.Tables, StringComparison.Ordinal);
        Assert.True(await rig.Hub.AnswersAsync(rig.Host));
        Assert.Equal(RulesState.None, rig.Watch.Current!.Rules);
    }

    [NeedsFact(Network)]
    public async Task What_stood_before_is_put_back_when_newer_rules_cut_the_hub_off()
    {
        await using var rig = new Rig();
        await rig.HearAsync();
        Assert.True((await rig.IsolateAsync(1)).Verified);
        await rig.HearAsync();
        rig.Where.Hub = new IPEndPoint(rig.Hub.Address, 9);
        Assert.Equal(Outcome.Failed, (await rig.PassAsync(rig.IsolateAsync(2))).Outcome);
        Assert.True(rig.Watch.Current is { Isolated: true, Rules: RulesState.Intact });
        Assert.True(await rig.Hub.AnswersAsync(rig.Host));
    }

    [NeedsFact(Network)]
    public async Task An_attacker_who_already_blocks_the_hub_does_not_undo_an_isolation_which_goes_on_trying_and_is_verified_when_the_hub_is_back()
    {
        await using var rig = new Rig();
        await rig.HearAsync();
        rig.Host.Tool("nft", "add table inet attacker; add chain inet attacker out { type filter hook output priority -100; }; add rule inet attacker out ip daddr " + $"{rig.Hub.Address} tcp dport {rig.Hub.Port} drop");
        rig.Time.Advance(TimeSpan.FromSeconds(11));

        var done = await rig.PassAsync(rig.IsolateAsync(1));

        Assert.Equal((Outcome.Executed, false), (done.Outcome, done.Verified));
        Assert.Contains("stays isolated", Why(done), StringComparison.Ordinal);
        Assert.True(rig.Watch.Current is { Isolated: true, VerifiedAt: null });
        var tried = rig.Syncs;
        await rig.Watch.LookAsync(default);
        await Eventually.TrueAsync(() => rig.Syncs > tried);
        rig.Host.Tool("nft", "delete table inet attacker");
        await Eventually.TrueAsync(async () =>
        {
            await rig.Watch.LookAsync(default);
            return rig.Watch.Current is { Isolated: true, VerifiedAt: not null };
        });
    }

    [NeedsFact(Network)]
    public async Task A_crash_while_it_waits_for_the_hub_still_ends_in_taking_the_rules_back()
    {
        await using var rig = new Rig();
        await rig.HearAsync();
        rig.Where.Hub = new IPEndPoint(rig.Hub.Address, 9);
        // What is on the disk and in the kernel when the agent dies in the proof.
        await rig.Rules.IsolateAsync(Orders.Uid(1), new(null, []), false, default);
        rig.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(Outcome.Failed, (await rig.PassAsync(rig.IsolateAsync(1, resumed: true))).Outcome);
        Assert.DoesNotContain("voltaxe", rig.Tables, StringComparison.Ordinal);
    }

    [NeedsFact(Network)]
    public async Task A_crash_after_the_rules_were_taken_back_does_not_load_them_again()
    {
        await using var rig = new Rig();
        await rig.HearAsync();
        rig.Where.Hub = new IPEndPoint(rig.Hub.Address, 9);
        Assert.Equal(Outcome.Failed, (await rig.PassAsync(rig.IsolateAsync(1))).Outcome);
        rig.Time.Advance(TimeSpan.FromMinutes(1));
        var again = await rig.IsolateAsync(1, resumed: true).Within();
        Assert.Equal((Outcome.Failed, "control_channel_lost"), (again.Outcome, again.Data!.Value.GetProperty("error").GetString()));
        Assert.DoesNotContain("voltaxe", rig.Tables, StringComparison.Ordinal);
    }

    [NeedsFact(Network)]
    public async Task Once_proven_a_hub_that_falls_silent_frees_nobody_not_even_after_a_crash()
    {
        await using var rig = new Rig();
        await rig.HearAsync();
        Assert.True((await rig.IsolateAsync(1)).Verified);
        Assert.False(rig.Rules.HubAnsweredBefore);
        rig.Host.Ip("link", "set", "dev", "eth0", "down");
        Assert.Equal(Outcome.Executed, (await rig.PassAsync(rig.IsolateAsync(1, resumed: true))).Outcome);
        Assert.Contains("voltaxe", rig.Tables, StringComparison.Ordinal);
    }

    [NeedsFact(Network)]
    public async Task Rules_that_root_deletes_or_changes_are_put_back_at_the_next_look_and_told_once_a_minute()
    {
        await using var rig = new Rig();
        await rig.HearAsync();
        await rig.IsolateAsync(1);
        rig.Time.Advance(TimeSpan.FromSeconds(1));
        rig.Host.Tool("nft", "delete table inet voltaxe");
        Assert.Equal(RulesState.Missing, (await rig.Rules.ObserveAsync(default)).Rules);
        await rig.Watch.LookAsync(default);
        Assert.True(rig.Watch.Current is { Isolated: true, Rules: RulesState.Intact });
        Assert.Equal([("isolation_tampered", Orders.Uid(1)), ("isolation_reapplied", Orders.Uid(1))], rig.Events);
        rig.Host.Tool("nft", "insert rule inet voltaxe output accept");
        await rig.Watch.LookAsync(default);
        Assert.True(rig.Watch.Current is { Isolated: true });
        Assert.Equal(2, rig.Events.Count);
        rig.Time.Advance(TimeSpan.FromMinutes(2));
        rig.Host.Tool("nft", "flush table inet voltaxe");
        await rig.Watch.LookAsync(default);
        Assert.Equal(4, rig.Events.Count);
        await Eventually.TrueAsync(async () =>
        {
            await rig.Watch.LookAsync(default);
            return rig.Watch.Current is { VerifiedAt: not null };
        });
    }
}
