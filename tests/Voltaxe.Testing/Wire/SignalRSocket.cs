using System.Collections.Concurrent;
using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Voltaxe.Testing.Wire;

/// <summary>SignalR's hub protocol in JSON, version 1, as its specification has it: messages end with the byte 0x1e.</summary>
public sealed class SignalRSocket : IAsyncDisposable
{
    private const byte End = 0x1e;
    private readonly WebSocket socket;
    private readonly Action<string, JsonArray> onInvocation;
    private readonly ConcurrentDictionary<string, TaskCompletionSource<JsonNode?>> waiting = new();
    private readonly SemaphoreSlim sending = new(1);
    private readonly CancellationTokenSource stop = new();
    private readonly List<byte> half = [];
    private Task reading = Task.CompletedTask;
    private int invocations;

    private SignalRSocket(WebSocket socket, Action<string, JsonArray> onInvocation) => (this.socket, this.onInvocation) = (socket, onInvocation);

    /// <summary>Ends when the hub closed the socket, with its reason, or when this side failed to understand it.</summary>
    public Task<string> Closed => ClosedAsync();

    /// <summary>How to reach a real hub: <c>http://127.0.0.1:8080</c> becomes <c>ws://127.0.0.1:8080/hubs/agent</c>.</summary>
    public static Func<string, Task<WebSocket>> ClientTo(Uri hub) => async accessToken =>
    {
        var client = new ClientWebSocket();
        try
        {
            client.Options.SetRequestHeader("Authorization", "Bearer " + accessToken);
            client.Options.CollectHttpResponseDetails = true;
            await client.ConnectAsync(new UriBuilder(hub) { Scheme = hub.Scheme == "https" ? "wss" : "ws", Path = "/hubs/agent" }.Uri, CancellationToken.None).WaitAsync(Eventually.Patience);
            return client;
        }
        catch (WebSocketException refused)
        {
            var status = (int)client.HttpStatusCode;
            client.Dispose();
            throw new WebSocketException($"The upgrade was answered {status}.", refused);
        }
    };

    public static async Task<SignalRSocket> OpenAsync(WebSocket socket, Action<string, JsonArray> onInvocation)
    {
        var opened = new SignalRSocket(socket, onInvocation);
        await opened.SendRawAsync("""{"protocol":"json","version":1}""");
        if (await opened.NextMessageAsync() is not { Count: 0 } answer)
            throw new InvalidOperationException("the handshake was refused");
        opened.reading = opened.ReadAsync();
        GC.KeepAlive(answer);
        return opened;
    }

    /// <summary>Calls a method of the hub and gives its result. An error completion throws, with the hub's words.</summary>
    public async Task<JsonNode?> InvokeAsync(string target, params JsonNode?[] arguments)
    {
        var id = Interlocked.Increment(ref invocations).ToString(CultureInfo.InvariantCulture);
        var answer = waiting[id] = new TaskCompletionSource<JsonNode?>(TaskCreationOptions.RunContinuationsAsynchronously);
        await SendRawAsync(new JsonObject { ["type"] = 1, ["invocationId"] = id, ["target"] = target, ["arguments"] = new JsonArray([.. arguments.Select(a => a?.DeepClone())]) }.ToJsonString());
        return await answer.Task.WaitAsync(Eventually.Patience);
    }

    /// <summary>Any text as one message, valid or not.</summary>
    public async Task SendRawAsync(string message)
    {
        await sending.WaitAsync();
        try
        {
            await socket.SendAsync((byte[])[.. Encoding.UTF8.GetBytes(message), End], WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        }
        finally
        {
            sending.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        // Without a close frame: an agent that loses its network says no goodbye.
        socket.Abort();
        await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        socket.Dispose();
        sending.Dispose();
        stop.Dispose();
    }

    private async Task<string> ClosedAsync()
    {
        await reading;
        return socket.CloseStatusDescription ?? "";
    }

    private async Task ReadAsync()
    {
        try
        {
            while (await NextMessageAsync() is { } message)
            {
                switch (message["type"]?.GetValue<int>())
                {
                    case 1: onInvocation(WireText.Text(message, "target"), message["arguments"]!.AsArray()); break;
                    case 3: Complete(message); break;
                    case 6: await SendRawAsync("""{"type":6}"""); break;
                    case 7: return;
                    default: throw new InvalidDataException("not a message of the hub protocol: " + message.ToJsonString());
                }
            }
        }
        catch (Exception end) when (stop.IsCancellationRequested && end is WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            // This side left.
        }
        finally
        {
            foreach (var unanswered in waiting.Values)
                unanswered.TrySetException(new WebSocketException("the socket closed before the answer came"));
        }
    }

    private void Complete(JsonObject message)
    {
        if (!waiting.TryRemove(WireText.Text(message, "invocationId"), out var answer))
            throw new InvalidDataException("an answer to nothing: " + message.ToJsonString());
        if (message["error"]?.GetValue<string>() is { } error)
            answer.SetException(new InvalidOperationException(error));
        else
            answer.SetResult(message["result"]?.DeepClone());
    }

    /// <summary>The next whole message; null at the end. Frames and messages need not fall together.</summary>
    private async Task<JsonObject?> NextMessageAsync()
    {
        var buffer = new byte[16 * 1024];
        while (true)
        {
            var end = half.IndexOf(End);
            if (end >= 0)
            {
                var text = Encoding.UTF8.GetString([.. half[..end]]);
                half.RemoveRange(0, end + 1);
                return JsonNode.Parse(text)!.AsObject();
            }
            var read = await socket.ReceiveAsync(buffer.AsMemory(), stop.Token);
            if (read.MessageType == WebSocketMessageType.Close)
                return null;
            half.AddRange(buffer.AsSpan(0, read.Count));
        }
    }
}
