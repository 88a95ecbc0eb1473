using System.Globalization;
using System.Text.Json;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Operators;
using Voltaxe.Hub.Commands;
using Voltaxe.Hub.Live;
using Voltaxe.Hub.Pipeline;
using Voltaxe.Hub.Security;

namespace Voltaxe.Hub.Transports.Operators;

/// <summary>Server-sent events of one command: <c>command</c> (the whole object) at once and on every change, <c>end</c> when it is terminal.</summary>
public static class CommandStream
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    public static async Task WriteAsync(HttpContext http, long id, IHubReader reader, LiveFeed feed, OperatorSessions sessions, TimeProvider time, IHostApplicationLifetime lifetime)
    {
        using var done = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping);
        var ct = done.Token;
        var changes = feed.Commands.Watch(done.Token).GetAsyncEnumerator(done.Token);
        try
        {
            if (await reader.FindCommandAsync(id, ct) is not { } command)
            {
                await Problems.WriteAsync(http, Refusal.NotFound($"There is no command {id}."));
                return;
            }
            http.Response.ContentType = "text/event-stream";
            http.Response.Headers.CacheControl = "no-store";
            http.Response.Headers["X-Accel-Buffering"] = "no";
            var sent = await SendAsync(http, command, "", ct);
            var key = id.ToString(CultureInfo.InvariantCulture);
            var next = changes.MoveNextAsync().AsTask();
            var heartbeat = Task.Delay(Heartbeat, time, ct);
            while (!IsEnd(command))
            {
                if (await Task.WhenAny(next, heartbeat) != next)
                {
                    ct.ThrowIfCancellationRequested();
                    heartbeat = Task.Delay(Heartbeat, time, ct);
                    // Whoever opened the stream may have signed out since.
                    if (http.User.FindFirst(OperatorSessions.Claim) is not null && !await sessions.StandsAsync(http.User, active: false, ct))
                        return;
                    await http.Response.WriteAsync(": still here\n\n", ct);
                    await http.Response.Body.FlushAsync(ct);
                    // What another node changed may have been told to nobody here: looked up, so that no stream misses its end.
                    if (await reader.FindCommandAsync(id, ct) is not { } found)
                        return;
                    sent = await SendAsync(http, command = found, sent, ct);
                    continue;
                }
                if (!await next)
                    return;
                if (changes.Current.LastOrDefault(c => c.Id == key)?.Row is { } row)
                    sent = await SendAsync(http, command = row, sent, ct);
                next = changes.MoveNextAsync().AsTask();
            }
            await http.Response.WriteAsync("event: end\ndata: {}\n\n", ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The listener went away, or the hub stops and the listener will ask the next one.
        }
        finally
        {
            await done.CancelAsync();
        }
    }

    private static bool IsEnd(CommandView command) => Domain.CommandLifecycle.IsTerminal(command.Status);

    /// <summary>Says the command unless it looks as it did when it was last said; the answer is how it looks now.</summary>
    private static async Task<string> SendAsync(HttpContext http, CommandView command, string sent, CancellationToken ct)
    {
        var text = JsonSerializer.Serialize(command, WireJson.Default.CommandView);
        if (text == sent)
            return sent;
        await http.Response.WriteAsync($"event: command\ndata: {text}\n\n", ct);
        await http.Response.Body.FlushAsync(ct);
        return text;
    }
}
