using Voltaxe.Agent.Platform.DryRun;
using Voltaxe.Agent.Tests.Execution;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Tests.Platform;

public sealed class DryRunTests : IDisposable
{
    private readonly string file = Path.Combine(Path.GetTempPath(), $"voltaxe-effects-{Guid.NewGuid():N}");

    public void Dispose() => File.Delete(file);

    /// <summary>As after a restart: only the file is left.</summary>
    private DryRunHost Host => new(new EffectsLog(file), () => Orders.Noon, () => []);

    private static readonly IsolateParams Plain = new(null, []);

    [Fact]
    public async Task A_disk_that_takes_nothing_does_not_keep_the_pretended_host_from_being_isolated()
    {
        var folder = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N"));
        var path = Path.Combine(folder, "effects.log");
        var host = new DryRunHost(new EffectsLog(path), () => Orders.Noon, () => []);
        var done = await host.IsolateAsync(Guid.NewGuid(), new IsolateParams(null, []), false, default);
        Assert.True(done.Details.ContainsKey("not_written_down"));
        Assert.True((await host.ObserveAsync(default)).Isolated);
        Directory.CreateDirectory(folder);
        try
        {
            Assert.False((await host.RestoreAsync(Guid.NewGuid(), false, default)).Details.ContainsKey("not_written_down"));
            Assert.Equal([CommandNames.NetworkIsolate, CommandNames.NetworkRestore], new EffectsLog(path).Read().Select(l => l.Command));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task An_isolation_stays_over_restarts_until_it_is_taken_away()
    {
        Assert.Equal(RulesState.None, (await Host.ObserveAsync(default)).Rules);
        Assert.True((await Host.IsolateAsync(Orders.Uid(1), Plain, false, default)).Changed);
        Assert.Equal((true, RulesState.Intact, Orders.Noon), (await Host.ObserveAsync(default)) is { } o ? (o.Isolated, o.Rules, o.Since!.Value) : default);
        Assert.False((await Host.IsolateAsync(Orders.Uid(2), Plain, false, default)).Changed);
        Assert.True((await Host.IsolateAsync(Orders.Uid(3), new IsolateParams(null, ["10.0.0.0/8"]), false, default)).Changed);
        Assert.True((await Host.RestoreAsync(Orders.Uid(4), false, default)).Changed);
        Assert.False((await Host.ObserveAsync(default)).Isolated);
    }

    [Fact]
    public async Task Every_effect_that_was_started_leaves_one_line_and_a_resumed_one_none()
    {
        await Host.IsolateAsync(Orders.Uid(1), Plain, false, default);
        await Host.IsolateAsync(Orders.Uid(1), Plain, true, default);
        await Host.KillAsync(Orders.Uid(2), new KillParams(77, null, "x"), true, default);
        var again = await Host.KillAsync(Orders.Uid(2), new KillParams(77, null, "x"), true, default);
        Assert.True((bool)again.Details["already_gone"]!);
        Assert.Equal([(Orders.Uid(1), CommandNames.NetworkIsolate), (Orders.Uid(2), CommandNames.KillProcess)], new EffectsLog(file).Read().Select(l => (l.Uid, l.Command)));
    }

    [Fact]
    public async Task A_line_cut_short_by_a_crash_does_not_count()
    {
        await Host.IsolateAsync(Orders.Uid(1), Plain, false, default);
        File.AppendAllText(file, $"{Orders.Noon:O} {Orders.Uid(2)} network_rest");
        Assert.True((await Host.ObserveAsync(default)).Isolated);
        await Host.RestoreAsync(Orders.Uid(2), true, default);
        Assert.False((await Host.ObserveAsync(default)).Isolated);
        Assert.Equal([Orders.Uid(1), Orders.Uid(2)], new EffectsLog(file).Read().Select(l => l.Uid));
    }
}
