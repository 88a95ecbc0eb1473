using System.Net;
using Voltaxe.Agent.Actions;
using Voltaxe.Agent.Execution;
using Voltaxe.Agent.Platform;
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
        rig.Time.Advance(IsolationProof.ShortestTimeout);
        Assert.True(IsolationProof.ShortestTimeout < TimeSpan.FromSeconds(30));
        await Eventually.TrueAsync(() => rig.Rolled > 0);
        var done = await rig.PassAsync(running);
        Assert.Equal(2, rig.Rolled);
        Assert.Equal((Outcome.Failed, "control_channel_lost"), (done.Outcome, done.Data!.Value.GetProperty("error").GetString()));
        Assert.DoesNotContain("voltaxe", rig.Tables, StringComparison.Ordinal);
        Assert.True(await rig.Hub.AnswersAsync(rig.Host, Eventually.Patience));
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
        Assert.True(await rig.Hub.AnswersAsync(rig.Host, Eventually.Patience));
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
    public async Task A_hub_that_fell_silent_and_stays_silent_without_the_rules_was_not_cut_off_by_them_so_they_are_loaded_again()
    {
        await using var rig = new Rig();
        await rig.HearAsync();
        var running = rig.IsolateAsync(1);
        rig.CutHub();
        var done = await rig.PassAsync(running);

        Assert.Equal((Outcome.Executed, false), (done.Outcome, done.Verified));
        Assert.Contains("not the cause", done.Data!.Value.GetProperty("loaded_again").GetString(), StringComparison.Ordinal);
        Assert.Contains("goes on trying", Why(done), StringComparison.Ordinal);
        Assert.Equal(1, rig.Rolled);
        Assert.True(rig.Watch.Current is { Isolated: true, VerifiedAt: null });
        rig.ReconnectHub();
        await Eventually.TrueAsync(async () =>
        {
            await rig.Watch.LookAsync(default);
            return rig.Watch.Current is { Isolated: true, VerifiedAt: not null };
        });
    }

    [NeedsFact(Network)]
    public async Task A_hub_that_restarted_right_after_the_rules_were_loaded_frees_nobody()
    {
        await using var rig = new Rig();
        await rig.HearAsync();
        rig.OnRollBack = rig.ReconnectHub;
        var running = rig.IsolateAsync(1);
        rig.CutHub();
        await Eventually.TrueAsync(() =>
        {
            if (rig.Rolled == 0)
                rig.Time.Advance(TimeSpan.FromSeconds(1));
            return rig.Rolled > 0;
        });
        var done = await running.Within();

        Assert.Equal((Outcome.Executed, true), (done.Outcome, done.Verified));
        Assert.Contains("a second time", done.Data!.Value.GetProperty("loaded_again").GetString(), StringComparison.Ordinal);
        Assert.True(rig.Watch.Current is { Isolated: true, VerifiedAt: not null });
    }

    [NeedsFact(Network)]
    public async Task A_hub_that_accepts_connections_and_answers_late_frees_nobody()
    {
        await using var rig = new Rig();
        await rig.HearAsync();
        rig.HubIsBusy = true;
        var done = await rig.PassAsync(rig.IsolateAsync(1));

        Assert.Equal((Outcome.Executed, false, 0), (done.Outcome, done.Verified, rig.Rolled));
        Assert.Contains("accepts connections", Why(done), StringComparison.Ordinal);
        rig.HubIsBusy = false;
        await Eventually.TrueAsync(async () =>
        {
            await rig.Watch.LookAsync(default);
            return rig.Watch.Current is { Isolated: true, VerifiedAt: not null };
        });
    }

    [Fact]
    public void A_hub_that_was_slow_before_has_longer_but_never_so_long_that_a_second_try_does_not_fit()
    {
        var time = new ManualClock();
        var contact = new HubContact(time);
        var proof = new IsolationProof(contact, new HubClock(time, "boot-1"), new Outbox(time), time);
        TimeSpan After(int seconds, bool held)
        {
            var began = time.GetTimestamp();
            time.Advance(TimeSpan.FromSeconds(seconds));
            contact.Answered(began, held);
            return proof.Timeout;
        }
        Assert.Equal(IsolationProof.ShortestTimeout, proof.Timeout);
        // A request that the hub was asked to hold says nothing.
        Assert.Equal(IsolationProof.ShortestTimeout, After(30, held: true));
        Assert.Equal(TimeSpan.FromSeconds(35), After(3, held: false) + TimeSpan.FromSeconds(5));
        Assert.Equal(IsolationProof.LongestTimeout, After(20, held: false));
        var all = IsolationProof.LongestTimeout + IsolationProof.SecondTimeout + 2 * IsolationProof.RolledBackTimeout;
        Assert.True(all < new NetworkIsolate(new HostPlatform("linux", null, null, null), proof, null!).Limit - TimeSpan.FromSeconds(30));
    }

    [NeedsFact(Network)]
    public async Task A_crash_after_the_rules_were_taken_back_tries_them_once_more_and_takes_them_back_again()
    {
        await using var rig = new Rig();
        await rig.HearAsync();
        rig.Where.Hub = new IPEndPoint(rig.Hub.Address, 9);
        Assert.Equal(Outcome.Failed, (await rig.PassAsync(rig.IsolateAsync(1))).Outcome);
        rig.Time.Advance(TimeSpan.FromMinutes(1));
        var again = await rig.PassAsync(rig.IsolateAsync(1, resumed: true));
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
