using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Wire;
using Voltaxe.Testing;
using Voltaxe.Testing.Processes;

namespace Voltaxe.Agent.Tests.Isolation;

/// <summary>The agent as its units run it.</summary>
public sealed class ServiceTests : HostedAgent
{
    [NeedsFact(Network)]
    public async Task Before_the_network_the_rules_are_put_back_and_that_is_told_by_the_agent_that_comes_later()
    {
        var isolated = await OrderAsync(CommandNames.NetworkIsolate);
        Assert.Contains("an agent runs here", await RulesAsync(), StringComparison.Ordinal);
        await KillAsync();
        host.Tool("nft", "flush", "ruleset");
        var file = Path.Combine(State, "isolation.json");
        var wanted = JsonNode.Parse(await File.ReadAllTextAsync(file))!;
        wanted["boot_id"] = "another";
        await File.WriteAllTextAsync(file, wanted.ToJsonString());

        Assert.Contains("are back", await RulesAsync(), StringComparison.Ordinal);
        Assert.True(TableStands);
        Assert.False(await canary.AnswersAsync(host));
        Assert.Contains("stand already", await RulesAsync(), StringComparison.Ordinal);

        await StartAsync();
        await Eventually.TrueAsync(() => Events.Any(e => e.Kind == "isolation_reapplied" && e.Uid == isolated.Uid));
        Assert.DoesNotContain(Events, e => e.Kind == "isolation_tampered");
        await Eventually.TrueAsync(() => hub.Syncs.Last().Request.Observed is { Isolated: true, VerifiedAt: not null }, TimeSpan.FromSeconds(60));
        await OrderAsync(CommandNames.NetworkRestore);
        Assert.Contains("no isolation", await RulesAsync(), StringComparison.Ordinal);
    }

    [NeedsTheory(Network)]
    [InlineData(null)]
    [InlineData("{ not what was written")]
    public async Task Without_its_note_the_journal_says_what_is_isolated_before_the_network_and_when_the_agent_runs(string? note)
    {
        var isolated = await OrderAsync(CommandNames.NetworkIsolate, new { allow = new[] { "198.51.100.0/24" } });
        await KillAsync();
        void Lose()
        {
            host.Tool("nft", "flush", "ruleset");
            File.Delete(Note);
            if (note is not null)
                File.WriteAllText(Note, note);
        }

        Lose();
        Assert.True(await canary.AnswersAsync(host, Eventually.Patience));
        Assert.Contains("the journal says that this host is isolated", await RulesAsync(), StringComparison.Ordinal);
        Assert.True(TableStands);
        Assert.False(await canary.AnswersAsync(host));
        Assert.Contains("198.51.100.0/24", host.Tool("nft", "list", "table", "inet", "voltaxe"), StringComparison.Ordinal);

        Lose();
        await StartAsync();
        Assert.False(await canary.AnswersAsync(host));
        await Eventually.TrueAsync(() => hub.Syncs.Last().Request.Observed is { Isolated: true, Rules: RulesState.Intact, VerifiedAt: not null }, TimeSpan.FromSeconds(60));
        await Eventually.TrueAsync(() => Events.Count(e => e.Kind == "isolation_note_replaced" && e.Uid == isolated.Uid) == 2);

        // A note that comes back after the restore, as out of a backup of the folder, isolates nobody.
        var old = await File.ReadAllTextAsync(Note);
        await OrderAsync(CommandNames.NetworkRestore);
        await KillAsync();
        await File.WriteAllTextAsync(Note, old);
        Assert.Contains("was taken away", await RulesAsync(), StringComparison.Ordinal);
        Assert.False(File.Exists(Note));
        Assert.True(await canary.AnswersAsync(host, Eventually.Patience));
    }

    [NeedsFact(Network)]
    public async Task What_rules_says_of_the_rules_it_has_read_from_the_kernel()
    {
        await OrderAsync(CommandNames.NetworkIsolate);
        Assert.Contains("They are intact", await RulesAsync(), StringComparison.Ordinal);
        await KillAsync();
        Assert.Contains("stand already", await RulesAsync(), StringComparison.Ordinal);
        // A journal and a note that say nothing, and a table that nobody can account for.
        File.Delete(Note);
        File.Delete(Path.Combine(State, "journal"));
        Assert.Contains("rules stand here of which neither", await RulesAsync(), StringComparison.Ordinal);
        host.Tool("nft", "flush", "ruleset");
        Assert.Contains("no isolation", await RulesAsync(), StringComparison.Ordinal);
    }

    [NeedsFact(Network)]
    public async Task Whoever_takes_the_agent_off_the_host_takes_its_rules_away_too()
    {
        await OrderAsync(CommandNames.NetworkIsolate);
        await KillAsync();
        await RulesAsync("--remove");
        Assert.False(TableStands);
        Assert.False(File.Exists(Note));
        // Whoever puts it on again does not isolate the host by that.
        Assert.Contains("no isolation", await RulesAsync(), StringComparison.Ordinal);
        Assert.False(TableStands);
    }

    [NeedsFact(Network)]
    public async Task With_the_capabilities_of_its_unit_and_no_others_it_isolates_restores_kills_and_takes_a_code()
    {
        await KillAsync();
        var unit = SourceTree.Read("packaging/voltaxe-agent.service");
        var capabilities = Regex.Match(unit, "^CapabilityBoundingSet=(.*)$", RegexOptions.Multiline).Groups[1].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.NotEmpty(capabilities);
        var bounded = string.Join(',', capabilities.Select(c => "+" + c["CAP_".Length..].ToLowerInvariant()).Prepend("-all"));
        using var systemd = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        systemd.Bind(new UnixDomainSocketEndPoint(Path.Combine(State, "notify")));
        await StartAsync(under: start => start.With("NOTIFY_SOCKET", Path.Combine(State, "notify")).Under("setpriv", "--bounding-set=" + bounded, "--inh-caps=-all", "--no-new-privs"));
        var bytes = new byte[64];
        Assert.Equal("READY=1", Encoding.ASCII.GetString(bytes, 0, await systemd.ReceiveAsync(bytes).Within()));

        var isolated = await OrderAsync(CommandNames.NetworkIsolate);
        Assert.True(isolated is { Outcome: Outcome.Executed, Verified: true }, $"{isolated.Message} {isolated.Data}\n{agent!.Output}");
        Assert.False(isolated.Data!.Value.TryGetProperty("sessions_not_ended", out var left), left.ToString());
        await using (var release = ChildProcess.Start(host.Inside(ChildStart.DotNet(SourceTree.Built("Voltaxe.Agent"), "release", "--code", hub.SignRelease(isolated.Uid), "--state", State)), "release"))
            Assert.True(await release.ExitAsync(TimeSpan.FromSeconds(90)) == 0, release.Output);
        Assert.False(TableStands);

        // Somebody else's process: nobody's.
        await using var other = ChildProcess.Start(new ChildStart("setpriv", ["--reuid=65534", "--clear-groups", "sleep", "600"]), "sleep");
        await Eventually.TrueAsync(() => File.ReadAllText($"/proc/{other.Id}/comm").Trim() == "sleep");
        var killed = await OrderAsync(CommandNames.KillProcess, new { pid = other.Id, name = "sleep" });
        Assert.True(killed.Outcome == Outcome.Executed, $"{killed.Message}\n{agent!.Output}");
        await other.ExitAsync();
        Assert.Equal(0, await agent!.StopAsync(TimeSpan.FromSeconds(60)));
    }

    private string Note => Path.Combine(State, "isolation.json");

    private async Task<string> RulesAsync(params string[] more)
    {
        await using var rules = ChildProcess.Start(host.Inside(ChildStart.DotNet(SourceTree.Built("Voltaxe.Agent"), ["rules", "--state", State, .. more])), "rules");
        Assert.True(await rules.ExitAsync(TimeSpan.FromSeconds(60)) == 0, rules.Output);
        return rules.Output;
    }
}
