using Voltaxe.Contracts.Commands;
using Voltaxe.EndToEnd.Tests.Product;
using Voltaxe.Testing;
using Voltaxe.Testing.Network;
using Voltaxe.Testing.Processes;

namespace Voltaxe.EndToEnd.Tests.Faults;

/// <summary>The people at a host that is really cut off are told, by the programs that the host has for it.</summary>
public sealed class HostNoticeTests
{
    [NeedsFact(Needs.Root | Needs.NetNamespaces | Needs.Nft)]
    public async Task A_timed_isolation_tells_the_terminals_whom_to_ask_and_when_it_ends_and_a_restore_that_it_is_over()
    {
        using var segment = new NetSegment();
        var (hubHost, agentHost) = (segment.AddHost(), segment.AddHost());
        await using var site = await Site.StartAsync(hubHost);
        var (programs, said) = (site.PathOf("programs"), site.PathOf("said"));
        Directory.CreateDirectory(programs);
        await File.WriteAllTextAsync(Path.Combine(programs, "wall"), $"#!/bin/sh\ncat >>{Shell.Quote(said)}\n");
        Shell.Run("chmod", "700", Path.Combine(programs, "wall"));
        var agent = await site.EnrolAsync("web-01", agentHost, dryRun: false);
        agent.Start(environment: new Dictionary<string, string?>
        {
            ["PATH"] = programs + ":" + Environment.GetEnvironmentVariable("PATH"), ["VOLTAXE_NOTICE"] = "true",
        });
        await site.LiveAsync("web-01");

        var order = await site.Operator.QueueAsync("web-01", CommandNames.NetworkIsolate, new { duration_seconds = 7200 });
        var isolated = await site.Operator.UntilAsync(order.Id, Site.Patience, CommandStatus.Executed);
        await SaidAsync(1);
        var until = isolated.StartedAt!.Value.AddHours(2).UtcDateTime;
        var text = File.ReadAllLines(said)[0];
        Assert.Contains("(web-01) has been cut off", text, StringComparison.Ordinal);
        Assert.Contains("ask your security team", text, StringComparison.Ordinal);
        Assert.True(new[] { until, until.AddMinutes(-1), until.AddMinutes(1) }.Any(t => text.Contains(FormattableString.Invariant($"until {t:yyyy-MM-dd HH:mm} UTC"), StringComparison.Ordinal)), text);

        var back = await site.Operator.QueueAsync("web-01", CommandNames.NetworkRestore);
        await site.Operator.UntilAsync(back.Id, Site.Patience, CommandStatus.Executed);
        await SaidAsync(2);
        Assert.Contains("may use the network again", File.ReadAllLines(said)[1], StringComparison.Ordinal);

        Task SaidAsync(int lines) => Eventually.TrueAsync(() => File.Exists(said) && File.ReadAllLines(said).Length == lines, Site.Patience);
    }
}
