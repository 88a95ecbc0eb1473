using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Voltaxe.Agent.Platform.Linux;

/// <summary>What systemd wants to hear of a service of <c>Type=notify</c> (sd_notify(3)): that it is ready, that it ends, and now and then that it lives.</summary>
/// <param name="socket">The path of its socket; @ in front for an abstract one.</param>
/// <param name="every">How often it wants a sign of life; null: never.</param>
public sealed class SystemdNotice(string socket, TimeSpan? every)
{
    /// <summary>Null where no systemd waits for a word of this process. Its variables are taken away, so that what the agent runs does not speak for it.</summary>
    public static SystemdNotice? FromEnvironment()
    {
        string? Take(string name)
        {
            var value = Environment.GetEnvironmentVariable(name);
            Environment.SetEnvironmentVariable(name, null);
            return value;
        }
        var (socket, micros, pid) = (Take("NOTIFY_SOCKET"), Take("WATCHDOG_USEC"), Take("WATCHDOG_PID"));
        if (string.IsNullOrEmpty(socket) || !OperatingSystem.IsLinux())
            return null;
        var mine = pid is null || pid == Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        // Twice as often as needed, as sd_watchdog_enabled(3) asks.
        return new(socket, mine && long.TryParse(micros, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit > 0 ? TimeSpan.FromMicroseconds(limit) / 2 : null);
    }

    public void Ready() => Say("READY=1");

    public void Stopping() => Say("STOPPING=1");

    /// <summary>Gives signs of life until cancelled, each after <paramref name="live"/> has come back: when that hangs, systemd starts the service anew.</summary>
    public async Task LiveAsync(Func<Task> live, TimeProvider time, CancellationToken ct)
    {
        try
        {
            while (true)
            {
                await Task.Delay(every ?? Timeout.InfiniteTimeSpan, time, ct);
                await live().WaitAsync(ct);
                Say("WATCHDOG=1");
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The agent stops.
        }
    }

    private void Say(string state)
    {
        using var speaking = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        try
        {
            speaking.SendTo(Encoding.ASCII.GetBytes(state), new UnixDomainSocketEndPoint(socket[0] == '@' ? "\0" + socket[1..] : socket));
        }
        catch (SocketException)
        {
            // Nobody listens any more. Whoever wanted a sign of life and misses it acts on that.
        }
    }
}
