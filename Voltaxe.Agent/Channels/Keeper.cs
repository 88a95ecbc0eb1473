using System.Net;
using System.Net.WebSockets;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Voltaxe.Agent.Enrolment;
using Voltaxe.Agent.Execution;

namespace Voltaxe.Agent.Channels;

/// <summary>Keeps a channel to the hub: the socket when it can be had, polling while it cannot, and back.</summary>
public sealed partial class Keeper(IChannels channels, Syncer syncer, Outbox outbox, KeeperOptions options, Func<double> random, TimeProvider time, ILogger<Keeper> log)
{
    private readonly Backoff socketBackoff = new(random), pollBackoff = new(random);

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        try
        {
            var socket = await TryOpenAsync(ct);
            while (true)
            {
                socket ??= await PollUntilSocketAsync(ct);
                await using (socket)
                    await SpeakAsync(socket, ct);
                socket = null;
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The agent stops.
        }
    }

    private async Task<ISocketChannel?> TryOpenAsync(CancellationToken ct)
    {
        var hub = await channels.ChooseAsync(ct);
        try
        {
            var socket = await channels.OpenSocketAsync(hub, ct);
            Connected(hub);
            return socket;
        }
        catch (Exception e) when (IsTrouble(e))
        {
            ct.ThrowIfCancellationRequested();
            SocketAway(hub, Describe(e));
            return null;
        }
    }

    /// <summary>Speaks over the socket until it fails.</summary>
    private async Task SpeakAsync(ISocketChannel socket, CancellationToken ct)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(ct, socket.Closed);
        var began = time.GetTimestamp();
        try
        {
            while (true)
            {
                await syncer.SyncAsync(socket, 0, over.Token);
                // A socket that ends right after its first sync is no success: coming back to such a hub must slow down, too.
                if (time.GetElapsedTime(began) >= options.SocketRest)
                    socketBackoff.Reset();
                await outbox.WaitAsync(options.SocketRest, over.Token);
            }
        }
        catch (Exception e) when (IsTrouble(e))
        {
            ct.ThrowIfCancellationRequested();
            SocketLost(socket.Closed.IsCancellationRequested ? socket.ClosedWhy ?? "the hub closed it" : Describe(e));
        }
    }

    /// <summary>Polls while it tries to get a socket again, each time after a jittered wait.</summary>
    private async Task<ISocketChannel> PollUntilSocketAsync(CancellationToken ct)
    {
        using var done = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var reopening = ReopenAsync(done.Token);
        var polling = options.PollEnabled ? PollAsync(done.Token) : Task.Delay(Timeout.InfiniteTimeSpan, time, done.Token);
        try
        {
            // Polling never ends by itself: if it does, something is wrong with this program, and the exception is not to be hidden.
            if (await Task.WhenAny(reopening, polling) == polling)
                await polling;
            return await reopening;
        }
        finally
        {
            await done.CancelAsync();
            await Task.WhenAny(polling);
        }
    }

    private async Task<ISocketChannel> ReopenAsync(CancellationToken ct)
    {
        while (true)
        {
            await Task.Delay(socketBackoff.Next(), time, ct);
            if (await TryOpenAsync(ct) is { } socket)
                return socket;
        }
    }

    private async Task PollAsync(CancellationToken ct)
    {
        // A thousand agents that lost the same hub must not all ask in the same instant.
        await Task.Delay(Backoff.First * random(), time, ct);
        while (true)
        {
            var hub = await channels.ChooseAsync(ct);
            try
            {
                await PollHubAsync(channels.Polling(hub), ct);
            }
            catch (Exception e) when (IsTrouble(e))
            {
                ct.ThrowIfCancellationRequested();
                PollFailed(hub, Describe(e));
                await Task.Delay(pollBackoff.Next(), time, ct);
            }
        }
    }

    private async Task PollHubAsync(IHubChannel channel, CancellationToken ct)
    {
        await syncer.SyncAsync(channel, 0, ct);
        while (true)
        {
            pollBackoff.Reset();
            var began = time.GetTimestamp();
            var interval = options.PollInterval();
            Polling();
            using var together = CancellationTokenSource.CreateLinkedTokenSource(ct);
            var parked = syncer.SyncAsync(channel, Math.Clamp((int)interval.TotalSeconds, 1, 30), together.Token);
            try
            {
                await SpeakWhileParkedAsync(channel, parked, ct);
            }
            catch
            {
                await together.CancelAsync();
                await parked.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
                throw;
            }
            var rest = interval * (0.8 + 0.4 * random()) - time.GetElapsedTime(began);
            if (rest > TimeSpan.Zero)
                await outbox.WaitAsync(rest, ct);
            if (rest > TimeSpan.Zero)
                await syncer.SyncAsync(channel, 0, ct);
        }
    }

    private async Task SpeakWhileParkedAsync(IHubChannel channel, Task parked, CancellationToken ct)
    {
        while (!parked.IsCompleted)
        {
            using var returned = CancellationTokenSource.CreateLinkedTokenSource(ct);
            var rung = outbox.WaitAsync(Timeout.InfiniteTimeSpan, returned.Token);
            if (await Task.WhenAny(parked, rung) == rung)
            {
                await rung;
                await syncer.SyncAsync(channel, 0, ct);
                continue;
            }
            await returned.CancelAsync();
            try
            {
                await rung;
                outbox.RingNow();
            }
            catch (OperationCanceledException)
            {
                // Nothing rang.
            }
        }
        await parked;
    }

    private static bool IsTrouble(Exception e) => e is HttpRequestException or WebSocketException or HubRefusedException or SignInRefusedException or TimeoutException or IOException
            or JsonException or InvalidDataException or InvalidOperationException or OperationCanceledException;

    private static string Describe(Exception e) => e is HubRefusedException { Status: HttpStatusCode.Unauthorized } or SignInRefusedException
        ? $"the hub does not accept this agent (revoked or replaced?): {e.Message}"
        : Problems.Describe(e);
}
