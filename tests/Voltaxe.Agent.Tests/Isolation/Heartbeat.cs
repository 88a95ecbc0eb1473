using System.Diagnostics;
using System.Net.Sockets;

namespace Voltaxe.Agent.Tests.Isolation;

/// <summary>A byte every 2 ms over an open connection, and back; on threads of its own, so that it measures the network and not the thread pool.</summary>
internal sealed class Heartbeat : IDisposable
{
    private readonly Socket from, to;
    private readonly Thread beating, echoing;
    private volatile bool over;
    private long longestTicks;
    private int count;

    public Heartbeat(Socket from, Socket to)
    {
        (this.from, this.to) = (from, to);
        from.NoDelay = to.NoDelay = true;
        from.ReceiveTimeout = to.ReceiveTimeout = 5_000;
        (beating, echoing) = (new Thread(Beat) { IsBackground = true }, new Thread(Echo) { IsBackground = true });
        echoing.Start();
        beating.Start();
    }

    public TimeSpan LongestGap => TimeSpan.FromTicks(Interlocked.Read(ref longestTicks));
    public int Count => Volatile.Read(ref count);
    public bool Alive => beating.IsAlive;

    public void Dispose()
    {
        over = true;
        from.Dispose();
        to.Dispose();
        beating.Join();
        echoing.Join();
    }

    private void Beat() => Loop(() =>
    {
        var clock = Stopwatch.StartNew();
        while (!over)
        {
            from.Send("x"u8);
            if (from.Receive(new byte[1]) == 0)
                return;
            if (clock.Elapsed.Ticks > Interlocked.Read(ref longestTicks))
                Interlocked.Exchange(ref longestTicks, clock.Elapsed.Ticks);
            clock.Restart();
            Interlocked.Increment(ref count);
            // Nothing is to come: this is the pause.
            from.Poll(2_000, SelectMode.SelectRead);
        }
    });

    private void Echo() => Loop(() =>
    {
        var one = new byte[1];
        while (to.Receive(one) > 0)
            to.Send(one);
    });

    private static void Loop(Action loop)
    {
        try
        {
            loop();
        }
        catch (Exception end) when (end is SocketException or ObjectDisposedException)
        {
            // Cut off, or the test is over; the test asks which.
        }
    }
}
