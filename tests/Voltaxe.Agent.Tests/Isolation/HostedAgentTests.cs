using System.Text.Json.Nodes;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Wire;
using Voltaxe.Testing;

namespace Voltaxe.Agent.Tests.Isolation;

/// <summary>What an isolation is on a real host, from the order to its end.</summary>
public sealed class HostedAgentTests : HostedAgent
{
    [NeedsFact(Network)]
    public async Task An_isolation_is_reported_verified_and_every_sync_says_since_when_until_it_is_restored()
    {
        Assert.True(await canary.AnswersAsync(host, Eventually.Patience));
        var isolated = await OrderAsync(CommandNames.NetworkIsolate);
        Assert.True(isolated is { Outcome: Outcome.Executed, Verified: true }, $"{isolated.Message} {isolated.Data}\n{agent!.Output}");
        Assert.False(await canary.AnswersAsync(host));
        await Eventually.TrueAsync(() => hub.Syncs.Last().Request.Observed is { Isolated: true, VerifiedAt: not null, Rules: RulesState.Intact });

        Assert.Equal(Outcome.Executed, (await OrderAsync(CommandNames.NetworkRestore)).Outcome);
        Assert.True(await canary.AnswersAsync(host, Eventually.Patience));
        Assert.False(TableStands);
        await Eventually.TrueAsync(() => hub.Syncs.Last().Request.Observed is { Isolated: false, VerifiedAt: null, Rules: RulesState.None });
    }

    [NeedsFact(Network)]
    public async Task A_table_that_root_deletes_is_back_within_ten_seconds_and_the_hub_is_told()
    {
        var isolated = await OrderAsync(CommandNames.NetworkIsolate);
        host.Tool("nft", "delete", "table", "inet", "voltaxe");
        await Eventually.TrueAsync(() => TableStands, TimeSpan.FromSeconds(10));
        Assert.False(await canary.AnswersAsync(host));
        await Eventually.TrueAsync(() => Events.Any(e => e.Kind == "isolation_reapplied" && e.Uid == isolated.Uid));
        Assert.Equal("missing", Events.Single(e => e.Kind == "isolation_tampered").Data!.Value.GetProperty("found").GetString());
    }

    [NeedsFact(Network)]
    public async Task After_a_restart_of_the_machine_the_table_stands_before_the_first_word_and_is_verified_anew()
    {
        await OrderAsync(CommandNames.NetworkIsolate);
        await KillAsync();
        // What a restart leaves: no rules, another boot, and the file.
        host.Tool("nft", "flush", "ruleset");
        var file = Path.Combine(State, "isolation.json");
        var wanted = JsonNode.Parse(await File.ReadAllTextAsync(file))!;
        wanted["boot_id"] = "another";
        await File.WriteAllTextAsync(file, wanted.ToJsonString());
        Assert.True(await canary.AnswersAsync(host, Eventually.Patience));
        var before = hub.Syncs.Count;

        await StartAsync();

        Assert.True(hub.Syncs.Skip(before).First().Request.Observed is { Isolated: true, Rules: RulesState.Intact });
        Assert.False(await canary.AnswersAsync(host));
        await Eventually.TrueAsync(() => hub.Syncs.Last().Request.Observed is { VerifiedAt: not null });
        Assert.Contains(Events, e => e.Kind == "isolation_reapplied");
        Assert.DoesNotContain(Events, e => e.Kind == "isolation_tampered");
    }

    [NeedsFact(Network)]
    public async Task A_timed_isolation_ends_on_the_host_too_although_the_agent_was_killed_in_between()
    {
        var isolated = await OrderAsync(CommandNames.NetworkIsolate, new { duration_seconds = 60 });
        Assert.Equal((Outcome.Executed, true), (isolated.Outcome, isolated.Verified));
        await KillAsync();
        Assert.True(TableStands);
        hub.ClockSkew = TimeSpan.FromSeconds(61);
        await StartAsync();
        await Eventually.TrueAsync(() => Events.Any(e => e.Kind == "timed_restore" && e.Uid == isolated.Uid), TimeSpan.FromSeconds(30));
        Assert.False(TableStands);
        Assert.True(await canary.AnswersAsync(host, Eventually.Patience));
    }
}
