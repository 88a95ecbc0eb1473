using System.Text.Json.Nodes;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Crypto;
using Voltaxe.Contracts.Wire;
using Voltaxe.Testing;
using Voltaxe.Testing.Processes;

namespace Voltaxe.Agent.Tests.Isolation;

/// <summary>The way out without the hub, by the agent's own command line on an isolated host that hears nothing.</summary>
public sealed class ReleaseTests : HostedAgent
{
    [NeedsFact(Network)]
    public async Task A_code_frees_a_host_that_hears_nothing_and_the_hub_is_told_at_the_next_contact()
    {
        host.Tool("nft", "add", "table", "inet", "foreign");
        var foreign = host.Tool("nft", "list", "ruleset");
        var isolated = await OrderAsync(CommandNames.NetworkIsolate);
        var code = hub.SignRelease(isolated.Uid);
        segment.Cut(host);

        var (exitCode, said) = await ReleaseAsync(code);
        Assert.True(exitCode == ExitCodes.Done, $"{exitCode} {said}\n{agent!.Output}");
        Assert.Equal(foreign, host.Tool("nft", "list", "ruleset"));
        Assert.False(File.Exists(Path.Combine(State, "isolation.json")));
        Assert.DoesNotContain(Events, e => e.Kind == "offline_release");
        (exitCode, said) = await ReleaseAsync(code);
        Assert.True(exitCode == ExitCodes.Refused && said.Contains("used", StringComparison.Ordinal), $"{exitCode} {said}");

        segment.Heal(host);
        Assert.True(await canary.AnswersAsync(host, Eventually.Patience));
        await Eventually.TrueAsync(() => Events.Any(e => e.Kind == "offline_release"), TimeSpan.FromSeconds(60));
        Assert.Equal(isolated.Uid, Events.Single(e => e.Kind == "offline_release").Uid);
        await Eventually.TrueAsync(() => hub.Syncs.Last().Request is { Events.Count: 0, Observed: { Isolated: false, Rules: RulesState.None } });
    }

    [NeedsFact(Network)]
    public async Task It_works_with_the_agent_stopped_and_neither_a_restart_nor_an_older_order_isolates_again()
    {
        var late = hub.Sign(CommandNames.NetworkIsolate);
        var isolated = await OrderAsync(CommandNames.NetworkIsolate);
        await KillAsync();
        segment.Cut(host);

        var (exitCode, said) = await ReleaseAsync(hub.SignRelease(isolated.Uid));
        Assert.True(exitCode == ExitCodes.Done, $"{exitCode} {said}");
        Assert.False(TableStands);

        segment.Heal(host);
        await StartAsync();
        await Eventually.TrueAsync(() => Events.Any(e => e.Kind == "offline_release" && e.Uid == isolated.Uid));
        Assert.True(hub.Syncs.Last().Request.Observed is { Isolated: false, Rules: RulesState.None });
        await hub.PushAsync(late with { Epoch = hub.Epoch });
        await Eventually.TrueAsync(() => hub.Results.ContainsKey(late.Uid));
        Assert.Equal(Outcome.Superseded, hub.Results[late.Uid].Outcome);
        Assert.False(TableStands);
        Assert.Equal(Outcome.Executed, (await OrderAsync(CommandNames.NetworkIsolate)).Outcome);
        Assert.True(TableStands);
    }

    [NeedsFact(Network)]
    public async Task After_a_restart_of_the_machine_without_a_word_of_the_hub_the_wall_clock_judges_the_code()
    {
        var isolated = await OrderAsync(CommandNames.NetworkIsolate);
        var (good, old) = (hub.SignRelease(isolated.Uid), hub.SignRelease(isolated.Uid, TimeSpan.FromMinutes(-1)));
        await KillAsync();
        segment.Cut(host);
        // What a restart leaves: no rules, another boot, and the files.
        host.Tool("nft", "flush", "ruleset");
        var file = Path.Combine(State, "isolation.json");
        var wanted = JsonNode.Parse(await File.ReadAllTextAsync(file))!;
        wanted["boot_id"] = "another";
        await File.WriteAllTextAsync(file, wanted.ToJsonString());
        await StartAsync(heard: false);
        await Eventually.TrueAsync(() => TableStands);

        var (exitCode, said) = await ReleaseAsync(old);
        Assert.True(exitCode == ExitCodes.Refused && said.Contains("expired", StringComparison.Ordinal), $"{exitCode} {said}");
        Assert.True(TableStands);
        (exitCode, said) = await ReleaseAsync(good);
        Assert.True(exitCode == ExitCodes.Done, $"{exitCode} {said}\n{agent!.Output}");
        Assert.False(TableStands);
    }

    [NeedsFact(Network)]
    public async Task What_is_foreign_old_or_no_code_changes_nothing()
    {
        var isolated = await OrderAsync(CommandNames.NetworkIsolate);
        using var stranger = P256.Create();
        var good = hub.SignRelease(isolated.Uid);
        foreach (var (code, why) in new[]
        {
            ("let me out", "no release code"),
            (good[..^2], "not signed"),
            (hub.SignRelease(isolated.Uid, key: stranger), "not signed"),
            (hub.SignRelease(isolated.Uid, agentId: "a-another"), "another agent"),
            (hub.SignRelease(isolated.Uid, hubId: "h-another"), "another hub"),
            (hub.SignRelease(isolated.Uid, TimeSpan.FromSeconds(-1)), "expired"),
            (hub.SignRelease(Guid.NewGuid()), "another isolation"),
        })
        {
            var (exitCode, said) = await ReleaseAsync(code);
            Assert.True(exitCode == ExitCodes.Refused && said.Contains(why, StringComparison.Ordinal), $"{exitCode}, not {why}: {said}");
        }
        Assert.True(TableStands);
        await OrderAsync(CommandNames.NetworkRestore);
        Assert.Contains("not isolated", (await ReleaseAsync(hub.SignRelease(isolated.Uid))).Said, StringComparison.Ordinal);
        await OrderAsync(CommandNames.NetworkIsolate);
        Assert.Contains("another isolation", (await ReleaseAsync(good)).Said, StringComparison.Ordinal);
        Assert.True(TableStands);
    }

    [NeedsFact(Network)]
    public async Task A_lost_note_does_not_keep_a_host_cut_off()
    {
        var isolated = await OrderAsync(CommandNames.NetworkIsolate);
        var code = hub.SignRelease(isolated.Uid);
        await KillAsync();
        segment.Cut(host);
        File.Delete(Path.Combine(State, "isolation.json"));
        var (exitCode, said) = await ReleaseAsync(code);
        Assert.True(exitCode == ExitCodes.Done, $"{exitCode} {said}");
        Assert.False(TableStands);
    }

    [NeedsFact(Network | Needs.Strace)]
    public async Task A_crash_right_after_the_code_is_written_down_still_frees_the_host_at_the_next_start_and_is_told_once()
    {
        var isolated = await OrderAsync(CommandNames.NetworkIsolate);
        await Eventually.TrueAsync(() => hub.Syncs.Last().Request.Results.Count == 0);
        await KillAsync();
        segment.Cut(host);
        var code = hub.SignRelease(isolated.Uid);
        var trace = Path.Combine(State, "trace");
        // The one thing that is made durable before the effect is that the code is used.
        await using (var torn = ChildProcess.Start(host.Inside(Command(code).WithFault("fdatasync:signal=KILL:when=1", trace)), "release"))
            Assert.NotEqual(ExitCodes.Done, await torn.ExitAsync(TimeSpan.FromSeconds(60)));
        Assert.True(TableStands);

        segment.Heal(host);
        await StartAsync();
        await Eventually.TrueAsync(() => Events.Any(e => e.Kind == "offline_release"), TimeSpan.FromSeconds(60));
        Assert.Single(Events, e => e.Kind == "offline_release" && e.Uid == isolated.Uid);
        Assert.False(TableStands);
    }

    private ChildStart Command(string code) => ChildStart.DotNet(SourceTree.Built("Voltaxe.Agent"), "release", "--code", code, "--state", State);

    private async Task<(int ExitCode, string Said)> ReleaseAsync(string code)
    {
        await using var release = ChildProcess.Start(host.Inside(Command(code)), "release");
        return (await release.ExitAsync(TimeSpan.FromSeconds(90)), release.Output);
    }
}
