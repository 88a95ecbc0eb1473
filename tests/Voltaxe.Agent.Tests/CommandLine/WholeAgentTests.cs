using Microsoft.Extensions.Logging.Abstractions;
using Voltaxe.Agent.Channels;
using Voltaxe.Agent.CommandLine;
using Voltaxe.Agent.Configuration;
using Voltaxe.Agent.Enrolment;
using Voltaxe.Agent.Execution.Journalling;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Crypto;
using Voltaxe.Contracts.Wire;
using Voltaxe.Testing;

namespace Voltaxe.Agent.Tests.CommandLine;

/// <summary>The agent as it runs, in a dry run, against a hub in this process, over real sockets.</summary>
public sealed class WholeAgentTests : IAsyncLifetime
{
    private readonly string state = Directory.CreateTempSubdirectory("voltaxe-agent-").FullName;
    private readonly CancellationTokenSource stop = new();
    private TestHub hub = null!;
    private Task running = Task.CompletedTask;

    public async Task InitializeAsync() => hub = await TestHub.StartAsync();

    public async Task DisposeAsync()
    {
        await StopAsync();
        await hub.DisposeAsync();
        stop.Dispose();
        Directory.Delete(state, recursive: true);
    }

    private string[] Effects => File.Exists(Path.Combine(state, "effects.log")) ? File.ReadAllLines(Path.Combine(state, "effects.log")) : [];

    private TimeSpan? interval = TimeSpan.FromSeconds(1);

    private AgentSettings Settings(bool poll = true) => new(state, null, null, poll, interval, DryRun: true);

    private async Task EnrolAsync()
    {
        var folder = StateFolder.Make(state);
        using var http = HubChannels.MakeClient(new HubAddresses([hub.Url]));
        var outcome = await new Enroller(http, folder).EnrolAsync([hub.Url], hub.Token, "web-01", CancellationToken.None);
        Assert.Equal((ExitCodes.Done, hub.AgentId), (outcome.ExitCode, outcome.State?.AgentId));
    }

    private async Task RunAsync(bool poll = true)
    {
        await EnrolAsync();
        running = RunAgain(poll);
        await Eventually.TrueAsync(() => !hub.Syncs.IsEmpty);
    }

    private async Task RunAgain(bool poll)
    {
        var folder = StateFolder.At(state);
        using var mine = folder.Lock();
        using var key = AgentKey.Read(folder)!;
        await using var host = await AgentHost.MakeAsync(Settings(poll), folder, EnrolmentState.Read(folder)!, key, NullLoggerFactory.Instance, stop.Token);
        await host.RunAsync(stop.Token);
    }

    private async Task StopAsync()
    {
        await stop.CancelAsync();
        await running.WaitAsync(Eventually.Patience);
    }

    [Fact]
    public async Task A_pushed_isolation_is_executed_once_and_reported_over_the_socket()
    {
        await RunAsync();
        var order = hub.Sign(CommandNames.NetworkIsolate);
        await hub.PushAsync(order);
        await Eventually.TrueAsync(() => hub.Results.ContainsKey(order.Uid));
        Assert.Equal(Outcome.Executed, hub.Results[order.Uid].Outcome);
        await hub.PushAsync(order with { Attempt = 2 });
        await Eventually.TrueAsync(() => hub.Syncs.Any(s => s.Request.Results.Any(r => r.Uid == order.Uid && r.Attempt == 2)));
        Assert.Single(Effects);
        Assert.All(hub.Syncs, s => Assert.Equal("push", s.Channel));
        await Eventually.TrueAsync(() => hub.Syncs.Last().Request is { Observed: { Isolated: true, Rules: RulesState.Intact } });
    }

    [Fact]
    public async Task Numbers_of_syncs_rise_by_one_and_every_sync_says_who_and_what()
    {
        await RunAsync();
        var orders = Enumerable.Range(0, 20).Select(_ => hub.Sign(CommandNames.NetworkIsolate)).ToArray();
        foreach (var order in orders)
            await hub.PushAsync(order);
        await Eventually.TrueAsync(() => orders.All(o => hub.Results.ContainsKey(o.Uid)));
        var syncs = hub.Syncs.Select(s => s.Request).ToList();
        Assert.Equal(Enumerable.Range(1, syncs.Count).Select(i => (long)i), syncs.Select(s => s.N));
        Assert.All(syncs, s => Assert.Equal(("web-01", 32), (s.Info!.Hostname, s.Instance.Length)));
        Assert.Contains("dry_run", syncs[^1].Info!.Capabilities);
        Assert.Equal(orders.Max(o => (long)o.Id), syncs[^1].HighestSeq);
    }

    [Fact]
    public async Task While_sockets_are_refused_it_polls_and_a_parked_request_brings_the_command_at_once()
    {
        hub.SocketsRefused = true;
        await RunAsync();
        await Eventually.TrueAsync(() => hub.Syncs.Any(s => s.Request.WaitSeconds > 0));
        var order = hub.Sign(CommandNames.KillProcess, new { pid = 4_000_000, name = "x" });
        hub.Queue(order);
        await Eventually.TrueAsync(() => hub.Results.ContainsKey(order.Uid));
        Assert.All(hub.Syncs, s => Assert.Equal("poll", s.Channel));
        hub.SocketsRefused = false;
        await Eventually.TrueAsync(() => hub.Syncs.Last().Channel == "push");
    }

    [Fact]
    public async Task With_polling_disabled_nothing_is_polled()
    {
        hub.SocketsRefused = true;
        await EnrolAsync();
        running = RunAgain(poll: false);
        await Eventually.TrueAsync(() => !hub.Assertions.IsEmpty);
        hub.SocketsRefused = false;
        await Eventually.TrueAsync(() => !hub.Syncs.IsEmpty);
        Assert.DoesNotContain(hub.Syncs, s => s.Channel == "poll");
    }

    [Fact]
    public async Task A_command_signed_by_another_key_is_rejected_without_effect()
    {
        await RunAsync();
        using var other = P256.Create();
        var forged = hub.Sign(CommandNames.NetworkIsolate, key: other);
        var borrowed = hub.Sign(CommandNames.NetworkIsolate, key: other) with { KeyId = P256.Fingerprint(hub.CommandKey) };
        var foreign = hub.Sign(CommandNames.NetworkIsolate, agentId: "a-aaaaaaaaaaaaaaaaaaaaaaaaaa");
        await hub.PushAsync(forged, borrowed, foreign);
        await Eventually.TrueAsync(() => hub.Results.Count == 3);
        Assert.All(hub.Results.Values, r => Assert.Equal(Outcome.Rejected, r.Outcome));
        Assert.Empty(Effects);
    }

    [Fact]
    public async Task Nulls_and_nonsense_from_the_hub_do_not_stop_the_next_command()
    {
        await RunAsync();
        await hub.PushAsync(null!, hub.Sign(CommandNames.NetworkIsolate) with { Payload = null! }, hub.Sign("format_disk"), hub.Sign(CommandNames.KillProcess, new { pid = 1 }));
        var order = hub.Sign(CommandNames.NetworkIsolate);
        await hub.PushAsync(order);
        await Eventually.TrueAsync(() => hub.Results.TryGetValue(order.Uid, out var r) && r.Outcome == Outcome.Executed);
        Assert.Equal(3, hub.Results.Values.Count(r => r.Outcome == Outcome.Rejected));
    }

    [Fact]
    public async Task Impossible_numbers_from_the_hub_do_not_end_the_agent()
    {
        var odd = true;
        hub.SigningIn = reply => odd ? reply with { AccessToken = "vtx_agt_\nx" } : reply;
        hub.SocketsRefused = true;
        await EnrolAsync();
        running = RunAgain(poll: true);
        await Eventually.TrueAsync(() => hub.Assertions.Count >= 2);
        odd = false;
        await Eventually.TrueAsync(() => !hub.Syncs.IsEmpty);
        (hub.SignInRefused, hub.SaysItIs) = (true, "9999-12-31T23:59:59Z");
        hub.RevokeTokens();
        var asked = hub.Assertions.Count;
        await Eventually.TrueAsync(() => hub.Assertions.Count >= asked + 2);
        (hub.SignInRefused, hub.SaysItIs) = (false, null);
        var order = hub.Sign(CommandNames.NetworkIsolate);
        hub.Queue(order);
        await Eventually.TrueAsync(() => hub.Results.ContainsKey(order.Uid));
        Assert.False(running.IsCompleted);
    }

    [Fact]
    public async Task A_hub_that_asks_for_the_next_poll_in_68_years_does_not_end_the_agent()
    {
        interval = null;
        hub.SocketsRefused = true;
        hub.Replying = reply => reply with { NextPollSeconds = int.MaxValue };
        await RunAsync();
        await Eventually.TrueAsync(() => hub.Syncs.Any(s => s.Request.WaitSeconds > 0));
        var order = hub.Sign(CommandNames.NetworkIsolate);
        hub.Queue(order);
        await Eventually.TrueAsync(() => hub.Results.ContainsKey(order.Uid));
        hub.SocketsRefused = false;
        await Eventually.TrueAsync(() => hub.Syncs.Last().Channel == "push");
        Assert.False(running.IsCompleted);
    }

    [Fact]
    public async Task A_timed_isolation_ends_by_itself_when_its_time_is_over_at_the_hub_and_is_reported()
    {
        await RunAsync();
        var order = hub.Sign(CommandNames.NetworkIsolate, new { duration_seconds = 600 });
        await hub.PushAsync(order);
        await Eventually.TrueAsync(() => hub.Results.ContainsKey(order.Uid));
        Assert.Equal(Outcome.Executed, hub.Results[order.Uid].Outcome);
        Assert.Single(Effects);
        hub.ClockSkew += TimeSpan.FromSeconds(601);
        await hub.PushAsync(order with { Attempt = 2 });
        await Eventually.TrueAsync(() => hub.Syncs.Any(s => s.Request.Events.Any(e => e.Kind == "timed_restore" && e.Uid == order.Uid)));
        Assert.Equal([CommandNames.NetworkIsolate, CommandNames.NetworkRestore], Effects.Select(e => e.Split(' ')[2]));
        await Eventually.TrueAsync(() => hub.Syncs.Last().Request is { Observed.Isolated: false });
    }

    [Fact]
    public async Task A_token_that_is_refused_leads_to_a_new_sign_in()
    {
        hub.SocketsRefused = true;
        await RunAsync();
        hub.RevokeTokens();
        var signIns = hub.Assertions.Count;
        await Eventually.TrueAsync(() => hub.Assertions.Count > signIns);
        var after = hub.Syncs.Count;
        await Eventually.TrueAsync(() => hub.Syncs.Count > after);
    }

    [Fact]
    public async Task An_agent_whose_clock_is_ten_years_off_signs_in_with_the_hubs_time_and_keeps_expiry_right()
    {
        hub.ClockSkew = TimeSpan.FromDays(3650);
        await RunAsync();
        Assert.True(hub.Assertions.Count >= 2);
        var late = hub.Sign(CommandNames.NetworkIsolate, expires: TimeProvider.System.GetUtcNow() + TimeSpan.FromDays(3649));
        var good = hub.Sign(CommandNames.NetworkIsolate, expires: TimeProvider.System.GetUtcNow() + TimeSpan.FromDays(3651));
        await hub.PushAsync(late, good);
        await Eventually.TrueAsync(() => hub.Results.Count == 2);
        Assert.Equal((Outcome.Expired, Outcome.Executed), (hub.Results[late.Uid].Outcome, hub.Results[good.Uid].Outcome));
        Assert.InRange(hub.Results[good.Uid].FinishedAt!.Value, TimeProvider.System.GetUtcNow().AddDays(3649), TimeProvider.System.GetUtcNow().AddDays(3651));
    }

    [Fact]
    public async Task The_process_list_is_given_when_the_hub_asks()
    {
        var asked = false;
        hub.Replying = reply => asked ? reply : reply with { Asks = [new Ask("ask-1", "processes", null)] };
        await RunAsync();
        asked = true;
        var answer = await Eventually.GetAsync(() => Task.FromResult(hub.Syncs.SelectMany(s => s.Request.Answers).FirstOrDefault(a => a.AskId == "ask-1")));
        Assert.Contains(answer.Data!.Value.GetProperty("processes").EnumerateArray(), p => p.GetProperty("pid").GetInt32() == Environment.ProcessId);
    }

    [Fact]
    public async Task A_new_key_signed_by_the_pinned_one_is_stored_and_trusted_and_an_unsigned_one_is_not()
    {
        using var next = P256.Create();
        using var other = P256.Create();
        KeyAnnouncement Announce(System.Security.Cryptography.ECDsa key, System.Security.Cryptography.ECDsa signer)
        {
            var (id, text, from) = (P256.Fingerprint(key), P256.PublicKeyOf(key), "2026-01-01T00:00:00Z");
            return new(id, text, from, P256.Fingerprint(hub.CommandKey), P256.Sign(signer, P256.KeyAnnouncementText(id, text, from)));
        }
        hub.Replying = reply => reply with { Keys = [Announce(next, hub.CommandKey), Announce(other, other)] };
        await RunAsync();
        await Eventually.TrueAsync(() => EnrolmentState.Read(StateFolder.At(state))!.PinnedKeys.Count == 2);
        var (good, bad) = (hub.Sign(CommandNames.NetworkIsolate, key: next), hub.Sign(CommandNames.NetworkIsolate, key: other));
        await hub.PushAsync(good, bad);
        await Eventually.TrueAsync(() => hub.Results.Count == 2);
        Assert.Equal((Outcome.Executed, Outcome.Rejected), (hub.Results[good.Uid].Outcome, hub.Results[bad.Uid].Outcome));
    }

    [Fact]
    public async Task Five_hundred_commands_in_one_push_are_all_answered_within_the_size_of_a_message()
    {
        await RunAsync();
        var orders = Enumerable.Range(0, 500).Select(i => hub.Sign(CommandNames.KillProcess, new { pid = 4_000_000, name = "x" })).ToArray();
        await hub.PushAsync(orders);
        await Eventually.TrueAsync(() => orders.All(o => hub.Results.ContainsKey(o.Uid)), TimeSpan.FromSeconds(60));
        Assert.Equal(500, Effects.Length);
    }

    [Fact]
    public async Task A_message_larger_than_a_mebibyte_ends_the_socket_and_the_agent_comes_back()
    {
        await RunAsync();
        await hub.PushAsync(hub.Sign(CommandNames.NetworkIsolate) with { Signature = new string('x', AgentRoutes.MaxMessageBytes) });
        var before = hub.Syncs.Count;
        await Eventually.TrueAsync(() => hub.Syncs.Skip(before).Any(s => s.Channel == "push"));
        var order = hub.Sign(CommandNames.NetworkIsolate);
        await hub.PushAsync(order);
        await Eventually.TrueAsync(() => hub.Results.ContainsKey(order.Uid));
        Assert.Single(hub.Results);
    }

    [Fact]
    public async Task Status_shows_enrolment_last_sync_isolation_and_the_lock_while_the_agent_runs()
    {
        await RunAsync();
        var order = hub.Sign(CommandNames.NetworkIsolate);
        await hub.PushAsync(order);
        await Eventually.TrueAsync(() =>
        {
            using var text = new StringWriter();
            Assert.Equal(ExitCodes.Done, ShowStatus.Invoke(Settings(), text));
            var said = text.ToString();
            return said.Contains(hub.AgentId!, StringComparison.Ordinal) && said.Contains("over push", StringComparison.Ordinal)
                && said.Contains("isolated     yes, rules intact", StringComparison.Ordinal) && said.Contains("running      yes", StringComparison.Ordinal);
        });
        Assert.Throws<StateFolderInUseException>(() => StateFolder.At(state).Lock());
    }

    [Fact]
    public async Task Check_says_ok_line_by_line_and_names_what_fails()
    {
        await EnrolAsync();
        using var good = new StringWriter();
        Assert.Equal(ExitCodes.Done, await CheckAgent.InvokeAsync(Settings(), good, CancellationToken.None));
        Assert.All(good.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries), l => Assert.StartsWith("ok ", l, StringComparison.Ordinal));
        hub.SignInRefused = true;
        using var refused = new StringWriter();
        Assert.Equal(ExitCodes.Refused, await CheckAgent.InvokeAsync(Settings(), refused, CancellationToken.None));
        Assert.Contains("failed  sign-in", refused.ToString(), StringComparison.Ordinal);
        await hub.DisposeAsync();
        using var away = new StringWriter();
        Assert.Equal(ExitCodes.Unreachable, await CheckAgent.InvokeAsync(Settings(), away, CancellationToken.None));
    }

    [Fact]
    public async Task A_state_folder_that_is_not_enrolled_does_not_run()
    {
        Assert.Equal(ExitCodes.NotFound, await RunAgentOn(Path.Combine(state, "empty")));
    }

    private static Task<int> RunAgentOn(string folder) => RunAgent.InvokeAsync(new AgentSettings(folder, null, null, true, null, true), CancellationToken.None);

    [Fact]
    public async Task The_journal_keeps_what_was_answered_over_a_restart()
    {
        await RunAsync();
        var order = hub.Sign(CommandNames.NetworkIsolate);
        await hub.PushAsync(order);
        await Eventually.TrueAsync(() => hub.Results.ContainsKey(order.Uid));
        await Eventually.TrueAsync(() => JournalReader.Read(File.ReadAllBytes(Path.Combine(state, "journal"))).Records
            .Any(r => r is Told { How: ToldHow.Recorded } told && told.Uid == order.Uid));
        await StopAsync();
        Assert.Null(JournalReader.Read(File.ReadAllBytes(Path.Combine(state, "journal"))).Damage);
    }
}
