using Microsoft.Extensions.Logging.Abstractions;
using Voltaxe.Agent.Channels;
using Voltaxe.Agent.CommandLine;
using Voltaxe.Agent.Configuration;
using Voltaxe.Agent.Enrolment;
using Voltaxe.Agent.Execution;
using Voltaxe.Agent.Platform;
using Voltaxe.Agent.Tests.Platform;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Wire;
using Voltaxe.Testing;

namespace Voltaxe.Agent.Tests.CommandLine;

/// <summary>The whole agent with its state on a disk of 256 KiB that is full.</summary>
public sealed class FullDiskTests : IAsyncLifetime
{
    private readonly string disk = Directory.CreateTempSubdirectory("voltaxe-full-").FullName;
    private readonly CancellationTokenSource stop = new();
    private TestHub hub = null!;
    private Task running = Task.CompletedTask;
    private bool mounted;

    public async Task InitializeAsync()
    {
        hub = await TestHub.StartAsync();
        if (Machine.WhatIsMissing(Needs.Root | Needs.NetNamespaces | Needs.Nft) is null)
            mounted = (await new Exec().RunAsync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], null, default)).ExitCode == 0;
    }

    public async Task DisposeAsync()
    {
        await stop.CancelAsync();
        await running.WaitAsync(Eventually.Patience);
        await hub.DisposeAsync();
        stop.Dispose();
        if (mounted)
            await new Exec().RunAsync("umount", [disk], null, default);
        Directory.Delete(disk, recursive: true);
    }

    [NeedsFact(Needs.Root | Needs.NetNamespaces | Needs.Nft)]
    public async Task An_isolation_is_carried_out_everything_else_waits_and_nothing_runs_twice()
    {
        Assert.True(mounted);
        running = RunAsync();
        await Eventually.TrueAsync(() => !hub.Syncs.IsEmpty);
        await Eventually.TrueAsync(() => File.Exists(Path.Combine(disk, "state", "status.json")));
        Fill();
        var kills = Enumerable.Range(0, 60).Select(_ => hub.Sign(CommandNames.KillProcess, new { pid = 4_000_000, name = "x" })).ToArray();
        await hub.PushAsync(kills);
        await Eventually.TrueAsync(() => hub.Syncs.Last().Request.Info!.Capabilities.Contains(Outbox.UnwritableMark));

        var isolate = hub.Sign(CommandNames.NetworkIsolate);
        await hub.PushAsync(isolate);
        await Eventually.TrueAsync(() => hub.Results.ContainsKey(isolate.Uid));
        Assert.Equal(Outcome.Executed, hub.Results[isolate.Uid].Outcome);
        Assert.True(hub.Syncs.Last().Request.Observed!.Isolated);
        var open = kills.Where(k => !hub.Results.ContainsKey(k.Uid)).ToArray();
        Assert.NotEmpty(open);

        File.Delete(Path.Combine(disk, "filler"));
        await hub.PushAsync([.. open.Select(k => k with { Attempt = 2 })]);
        await Eventually.TrueAsync(() => kills.All(k => hub.Results.ContainsKey(k.Uid)));
        Assert.All(kills, k => Assert.Equal(Outcome.Executed, hub.Results[k.Uid].Outcome));
        var effects = await File.ReadAllLinesAsync(Path.Combine(disk, "state", "effects.log"));
        Assert.Equal(kills.Length + 1, effects.Length);
        Assert.Equal(effects.Length, effects.Select(l => l.Split(' ')[1]).Distinct().Count());
    }

    private void Fill()
    {
        using var file = new FileStream(Path.Combine(disk, "filler"), FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        var full = false;
        while (!full)
        {
            try
            {
                file.Write(new byte[1024]);
            }
            catch (IOException)
            {
                full = true;
            }
        }
    }

    private async Task RunAsync()
    {
        var folder = StateFolder.Make(Path.Combine(disk, "state"));
        using var http = HubChannels.MakeClient(new HubAddresses([hub.Url]));
        Assert.Equal(ExitCodes.Done, (await new Enroller(http, folder).EnrolAsync([hub.Url], hub.Token, "web-01", CancellationToken.None)).ExitCode);
        using var mine = folder.Lock();
        using var key = AgentKey.Read(folder)!;
        var settings = new AgentSettings(folder.Path, null, null, true, TimeSpan.FromSeconds(1), DryRun: true);
        await using var host = await AgentHost.MakeAsync(settings, folder, EnrolmentState.Read(folder)!, key, NullLoggerFactory.Instance, stop.Token);
        await host.RunAsync(stop.Token);
    }
}
