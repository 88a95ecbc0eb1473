using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Voltaxe.Agent.Channels;
using Voltaxe.Agent.CommandLine;
using Voltaxe.Agent.Configuration;
using Voltaxe.Agent.Enrolment;
using Voltaxe.Agent.Tests.Evidence;
using Voltaxe.Agent.Tests.Platform;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Wire;
using Voltaxe.Testing;

namespace Voltaxe.Agent.Tests.CommandLine;

/// <summary>A collection through the whole agent: order, archive, upload, result, and what is left behind.</summary>
public sealed class WholeCollectionTests : IAsyncLifetime
{
    private readonly TempFolder folder = new("whole");
    private CancellationTokenSource stop = new();
    private TestHub hub = null!;
    private Task running = Task.CompletedTask;

    public async Task InitializeAsync()
    {
        hub = await TestHub.StartAsync();
        using var http = HubChannels.MakeClient(new HubAddresses([hub.Url]));
        var outcome = await new Enroller(http, StateFolder.Make(folder.Root)).EnrolAsync([hub.Url], hub.Token, "web-01", CancellationToken.None);
        Assert.Equal(ExitCodes.Done, outcome.ExitCode);
        Start();
        await Eventually.TrueAsync(() => !hub.Syncs.IsEmpty);
    }

    public async Task DisposeAsync()
    {
        await StopAsync();
        await hub.DisposeAsync();
        stop.Dispose();
        folder.Dispose();
    }

    private void Start()
    {
        (stop, running) = (new CancellationTokenSource(), RunAsync());

        async Task RunAsync()
        {
            await Task.Yield();
            var state = StateFolder.At(folder.Root);
            using var mine = state.Lock();
            using var key = AgentKey.Read(state)!;
            await using var host = await AgentHost.MakeAsync(new AgentSettings(folder.Root, null, null, true, TimeSpan.FromSeconds(1), DryRun: true), state, EnrolmentState.Read(state)!, key, NullLoggerFactory.Instance, stop.Token);
            try
            {
                await host.RunAsync(stop.Token);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                // Stopped while it was starting.
            }
        }
    }

    private async Task StopAsync()
    {
        await stop.CancelAsync();
        await running.WaitAsync(Eventually.Patience);
    }

    private string[] Locker => Directory.Exists(folder.File("evidence")) ? Directory.GetFiles(folder.File("evidence")) : [];

    private async Task<Envelope> OrderAsync(params string[] items)
    {
        var order = hub.Sign(CommandNames.CollectForensics, new { collect = items });
        await hub.PushAsync(order);
        return order;
    }

    private async Task<ResultReport> ResultAsync(Envelope order)
    {
        await Eventually.TrueAsync(() => hub.Results.ContainsKey(order.Uid));
        return hub.Results[order.Uid];
    }

    [NeedsFact(Needs.Linux)]
    public async Task The_archive_is_at_the_hub_before_the_result_and_gone_from_the_host_after_it()
    {
        var order = await OrderAsync("mounts", "modules");
        var result = await ResultAsync(order);
        Assert.Equal((Outcome.Executed, "collected 2 of 2 item(s)"), (result.Outcome, result.Message));
        var upload = hub.Evidence.Of(order.Uid)!;
        Assert.True(upload.Complete);
        Assert.Equal(($"forensics-{order.Uid}.tar.gz", upload.Id), (upload.Offer.Name, result.Data!.Value.GetProperty("evidence").GetProperty("evidence_id").GetString()));
        Assert.Equal(upload.Offer.Sha256, result.Data.Value.GetProperty("evidence").GetProperty("sha256").GetString());
        await Eventually.TrueAsync(() => Locker.Length == 0);
    }

    [NeedsFact(Needs.Linux)]
    public async Task Progress_is_heard_while_it_runs()
    {
        var order = await OrderAsync("mounts");
        await ResultAsync(order);
        var said = hub.Syncs.SelectMany(s => s.Request.Events).First(e => e.Kind == "progress");
        Assert.Equal(order.Uid, said.Uid);
        Assert.Equal(("mounts", "collecting", 0), (said.Data!.Value.GetProperty("item").GetString(), said.Data.Value.GetProperty("stage").GetString(), said.Data.Value.GetProperty("percent").GetInt32()));
    }

    [NeedsFact(Needs.Linux)]
    public async Task An_upload_that_stands_still_does_not_delay_an_isolation()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        hub.Evidence.Before = visit => visit.Method == "PATCH" ? gate.Task : Task.CompletedTask;
        var collect = await OrderAsync("mounts");
        await Eventually.TrueAsync(() => hub.Evidence.Patches.Any());
        var isolate = hub.Sign(CommandNames.NetworkIsolate);
        await hub.PushAsync(isolate);
        Assert.Equal(Outcome.Executed, (await ResultAsync(isolate)).Outcome);
        Assert.False(hub.Results.ContainsKey(collect.Uid));
        gate.SetResult();
        Assert.Equal(Outcome.Executed, (await ResultAsync(collect)).Outcome);
    }

    [NeedsFact(Needs.Linux)]
    public async Task A_restart_during_the_upload_goes_on_with_the_same_archive()
    {
        hub.Evidence.Failing = visit => visit.Method == "PATCH" ? Fault.Refuse(503) : null;
        var order = await OrderAsync("mounts", "processes");
        await Eventually.TrueAsync(() => hub.Evidence.Patches.Any());
        var offered = hub.Evidence.Of(order.Uid)!.Offer;
        await StopAsync();
        Assert.Equal(2, Locker.Length);
        hub.Evidence.Failing = _ => null;
        Start();
        var result = await ResultAsync(order);
        Assert.True(result.Outcome == Outcome.Executed, $"{result.Message} {result.Data}");
        Assert.Equal(offered, hub.Evidence.Of(order.Uid)!.Offer);
        Assert.True(hub.Evidence.Of(order.Uid)!.Complete);
    }

    [NeedsFact(Needs.Linux)]
    public async Task A_hub_without_room_is_reported_in_its_words()
    {
        hub.Evidence.Failing = _ => Fault.Refuse(507);
        var result = await ResultAsync(await OrderAsync("mounts"));
        Assert.Equal((Outcome.Failed, "not_stored"), (result.Outcome, result.Data!.Value.GetProperty("error").GetString()));
        Assert.Contains("507 refused by the shelf", result.Message, StringComparison.Ordinal);
        Assert.Equal(2, Locker.Length);
    }

    [NeedsFact(Needs.Linux)]
    public async Task What_nobody_collects_is_rejected_by_name_before_anything_is_done()
    {
        var result = await ResultAsync(await OrderAsync("mounts", "browser_history"));
        Assert.Equal(Outcome.Rejected, result.Outcome);
        Assert.Contains("params.collect[1] must be one of processes, sockets", result.Message, StringComparison.Ordinal);
        Assert.Empty(hub.Evidence.Visits);
        Assert.Empty(Locker);
    }

    [NeedsFact(Needs.Linux)]
    public async Task What_lies_in_the_locker_and_belongs_to_no_command_is_removed_at_the_start()
    {
        await StopAsync();
        StateFolder.Make(folder.File("evidence"));
        File.WriteAllText(folder.File($"evidence/{Guid.NewGuid()}.tar.gz"), "old");
        Start();
        await Eventually.TrueAsync(() => Locker.Length == 0);
    }
}
