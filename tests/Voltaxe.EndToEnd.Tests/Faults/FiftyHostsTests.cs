using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.Contracts.Wire;
using Voltaxe.EndToEnd.Tests.Product;
using Voltaxe.Testing;
using Voltaxe.Testing.Network;

namespace Voltaxe.EndToEnd.Tests.Faults;

/// <summary>An outbreak: many hosts are cut off by one order, each by its own agent and its own kernel rules.</summary>
[Collection(RealProcesses.Name)]
public sealed class FiftyHostsTests
{
    private const int Hosts = 50;
    private static readonly TimeSpan Prompt = TimeSpan.FromSeconds(1), Between = TimeSpan.FromMilliseconds(500), Afterwards = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AllPatience = TimeSpan.FromMinutes(4);

    [NeedsFact(Needs.Root | Needs.NetNamespaces | Needs.Nft)]
    public async Task All_are_proven_and_every_control_channel_answers_within_a_second_during_and_after()
    {
        using var segment = new NetSegment();
        var hubHost = segment.AddHost();
        await using var canary = new Canary(hubHost);
        var hosts = Enumerable.Range(1, Hosts).ToDictionary(i => string.Create(CultureInfo.InvariantCulture, $"web-{i:00}"), _ => segment.AddHost());
        await using var site = await Site.StartAsync(hubHost);
        var agents = new ConcurrentBag<AgentProcess>();
        await Parallel.ForEachAsync(hosts, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (host, _) =>
        {
            var agent = await site.EnrolAsync(host.Key, host.Value, dryRun: false);
            agent.Start();
            agents.Add(agent);
        });
        foreach (var name in hosts.Keys)
            await site.LiveAsync(name);

        using var over = new CancellationTokenSource();
        var probes = hosts.Select(host => WorstConnectAsync(host.Value, hubHost, site.Hub.Url.Port, over.Token)).ToList();
        var queued = await site.Operator.QueueAsync(new NewCommands { Command = CommandNames.NetworkIsolate, Hosts = [.. hosts.Keys], Reason = "an outbreak" });
        foreach (var command in queued.Commands)
        {
            var end = await site.Operator.UntilEndedAsync(command.Id, AllPatience);
            Assert.True(end is { Status: CommandStatus.Executed, VerifiedAt: not null }, $"{end.Host}: {end.Status}, verified {end.VerifiedAt}: {end.Result?.Message} {end.Result?.Data}");
        }
        await Task.Delay(Afterwards, TimeProvider.System);
        await over.CancelAsync();

        foreach (var (host, worst) in hosts.Keys.Zip(await Task.WhenAll(probes)))
            Assert.True(worst <= Prompt, $"{host} waited {worst.TotalMilliseconds:0} ms for the hub");
        foreach (var agent in agents)
            Assert.DoesNotContain("The socket is lost", agent.Process.Output, StringComparison.Ordinal);
        foreach (var (name, host) in hosts)
        {
            Assert.Equal((Presence.Live, Containment.Isolated, RulesState.Intact), await StateAsync(site, name));
            Assert.False(await canary.AnswersAsync(host, Between), name + " reaches nobody else");
        }
    }

    private static async Task<(Presence, Containment, RulesState?)> StateAsync(Site site, string name)
    {
        var agent = await site.Operator.AgentAsync(name);
        return (agent.Presence, agent.Containment, agent.Observed?.Rules);
    }

    /// <summary>
    /// How long the slowest of many new connections to the hub took to be answered, as the kernel measured it: a test that is short of
    /// processor time does not count. Where the kernel had to ask twice, the whole wait does.
    /// </summary>
    private static async Task<TimeSpan> WorstConnectAsync(NetNamespace host, NetNamespace hub, int port, CancellationToken over)
    {
        var worst = TimeSpan.Zero;
        while (!over.IsCancellationRequested)
        {
            var clock = Stopwatch.StartNew();
            using var socket = await host.TryConnectAsync(hub.V4, port, AllPatience);
            if (socket is null)
                return TimeSpan.MaxValue;
            var (answered, again) = Handshake(socket);
            var took = again ? clock.Elapsed : answered;
            worst = took > worst ? took : worst;
            await Task.Delay(Between, TimeProvider.System, CancellationToken.None);
        }
        return worst;
    }

    /// <summary>From <c>struct tcp_info</c>: the smoothed round trip, which right after connecting is that of SYN and SYN-ACK, and all retransmissions.</summary>
    private static (TimeSpan RoundTrip, bool Again) Handshake(Socket socket)
    {
        const int level = 6, tcpInfo = 11, roundTripAt = 68, retransmittedAt = 100;
        Span<byte> info = stackalloc byte[104];
        Assert.Equal(info.Length, socket.GetRawSocketOption(level, tcpInfo, info));
        return (TimeSpan.FromMicroseconds(BitConverter.ToUInt32(info[roundTripAt..])), BitConverter.ToUInt32(info[retransmittedAt..]) > 0);
    }
}
