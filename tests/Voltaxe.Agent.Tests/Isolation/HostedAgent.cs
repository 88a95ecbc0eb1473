using System.Text.RegularExpressions;
using Voltaxe.Agent.Channels;
using Voltaxe.Agent.Configuration;
using Voltaxe.Agent.Enrolment;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Wire;
using Voltaxe.Testing;
using Voltaxe.Testing.Network;
using Voltaxe.Testing.Processes;

namespace Voltaxe.Agent.Tests.Isolation;

/// <summary>The agent as a process on a host of its own, really isolating it, against a hub in this process.</summary>
public abstract class HostedAgent : IAsyncLifetime
{
    protected const Needs Network = Needs.Linux | Needs.Root | Needs.NetNamespaces | Needs.Nft;

    private readonly TempFolder folder = new("hosted");
    protected NetSegment segment = null!;
    protected NetNamespace host = null!;
    protected Canary canary = null!;
    private protected TestHub hub = null!;
    protected ChildProcess? agent;

    private static bool Skipped => Machine.WhatIsMissing(Network) is not null;

    protected string State => folder.File("state");

    protected bool TableStands => host.Tool("nft", "list", "tables").Contains("inet voltaxe", StringComparison.Ordinal);

    protected IEnumerable<AgentEvent> Events => hub.Syncs.SelectMany(s => s.Request.Events).DistinctBy(e => e.EventId);

    public async Task InitializeAsync()
    {
        if (Skipped)
            return;
        segment = new NetSegment();
        host = segment.AddHost();
        canary = new Canary(segment.AddHost());
        hub = await TestHub.StartAsync($"http://{segment.JoinMachine()}:0");
        using var http = HubChannels.MakeClient(new HubAddresses([hub.Url]));
        await new Enroller(http, StateFolder.Make(State)).EnrolAsync([hub.Url], hub.Token, "web-01", CancellationToken.None);
        await StartAsync();
    }

    public async Task DisposeAsync()
    {
        if (Skipped)
            return;
        if (agent is not null)
            await agent.DisposeAsync();
        await hub.DisposeAsync();
        await canary.DisposeAsync();
        segment.Dispose();
        folder.Dispose();
    }

    /// <param name="heard">The hub can be reached: its first word is waited for.</param>
    /// <param name="under">What to start it under.</param>
    protected async Task StartAsync(bool heard = true, Func<ChildStart, ChildStart>? under = null)
    {
        var before = hub.Syncs.Count;
        var start = ChildStart.DotNet(SourceTree.Built("Voltaxe.Agent"), "run", "--state", State);
        agent = ChildProcess.Start(host.Inside(under is null ? start : under(start)), "agent");
        if (heard)
            await Eventually.TrueAsync(() => hub.Syncs.Count > before, TimeSpan.FromSeconds(60));
        else
            await agent.WaitForLineAsync(new Regex("runs as"), TimeSpan.FromSeconds(60));
    }

    protected async Task KillAsync()
    {
        await agent!.KillAsync();
        await agent.DisposeAsync();
        agent = null;
    }

    protected async Task<ResultReport> OrderAsync(string command, object? parameters = null)
    {
        var order = hub.Sign(command, parameters);
        await hub.PushAsync(order);
        await Eventually.TrueAsync(() => hub.Results.ContainsKey(order.Uid), TimeSpan.FromSeconds(60));
        return hub.Results[order.Uid];
    }
}
