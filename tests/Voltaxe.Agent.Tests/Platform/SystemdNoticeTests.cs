using System.Net.Sockets;
using System.Text;
using Voltaxe.Agent.Platform.Linux;
using Voltaxe.Testing;

namespace Voltaxe.Agent.Tests.Platform;

public sealed class SystemdNoticeTests : IDisposable
{
    private readonly TempFolder folder = new("notify");
    private readonly Socket systemd = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);

    public void Dispose()
    {
        systemd.Dispose();
        folder.Dispose();
    }

    [NeedsTheory(Needs.Linux)]
    [InlineData(false)]
    [InlineData(true)]
    public void Ready_and_the_end_are_said_over_either_kind_of_socket(bool isAbstract)
    {
        var name = isAbstract ? $"@voltaxe-{Guid.NewGuid():N}" : folder.File("notify");
        systemd.Bind(new UnixDomainSocketEndPoint(isAbstract ? "\0" + name[1..] : name));
        var notice = new SystemdNotice(name, null);
        notice.Ready();
        notice.Stopping();
        Assert.Equal(["READY=1", "STOPPING=1"], [Heard(), Heard()]);
    }

    [NeedsFact(Needs.Linux)]
    public async Task A_sign_of_life_comes_only_after_the_loop_has_answered()
    {
        systemd.Bind(new UnixDomainSocketEndPoint(folder.File("notify")));
        var time = new ManualClock();
        using var stop = new CancellationTokenSource();
        var hangs = new TaskCompletionSource();
        var asked = 0;
        var living = new SystemdNotice(folder.File("notify"), TimeSpan.FromSeconds(60)).LiveAsync(() => Interlocked.Increment(ref asked) == 1 ? Task.CompletedTask : hangs.Task, time, stop.Token);
        time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal("WATCHDOG=1", await Task.Run(Heard).Within());
        await Eventually.TrueAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(60));
            return Volatile.Read(ref asked) == 2;
        });
        Assert.Equal(0, systemd.Available);
        hangs.SetResult();
        Assert.Equal("WATCHDOG=1", await Task.Run(Heard).Within());
        await stop.CancelAsync();
        await living.WaitAsync(Eventually.Patience);
    }

    [NeedsFact(Needs.Linux)]
    public void A_systemd_that_is_gone_harms_nobody() => new SystemdNotice(folder.File("gone"), null).Ready();

    private string Heard()
    {
        var bytes = new byte[64];
        return Encoding.ASCII.GetString(bytes, 0, systemd.Receive(bytes));
    }
}
