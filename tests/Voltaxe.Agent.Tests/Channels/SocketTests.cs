using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.Http.Connections.Client;
using Microsoft.Extensions.Logging.Abstractions;
using Voltaxe.Agent.Channels;
using Voltaxe.Agent.Configuration;
using Voltaxe.Agent.Enrolment;
using Voltaxe.Agent.Tests.Execution;
using Voltaxe.Contracts.Crypto;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;
using Voltaxe.Testing;

namespace Voltaxe.Agent.Tests.Channels;

/// <summary>A hub that says something and dies: no closing handshake, the last words are still on the wire.</summary>
public sealed class SocketTests : IAsyncLifetime
{
    private const int Said = 200;
    private static readonly Envelope Order = new(1, Guid.CreateVersion7(), 1, "e", "payload", "key", "signature");

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly HttpMessageInvoker http = new(new SocketsHttpHandler());
    private readonly ConcurrentQueue<long> heard = new();

    public SocketTests() => listener.Start();

    private Uri Url => new($"http://{listener.LocalEndpoint}");

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync()
    {
        listener.Dispose();
        http.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task What_a_hub_said_before_it_died_is_heard_even_by_a_reader_that_comes_after_the_socket_failed()
    {
        var dying = SayAndDieAsync(afterSync: false);
        AgentWebSocket? socket = null;
        await using var connection = new HttpConnection(new HttpConnectionOptions
        {
            Url = HubUrls.At(Url, AgentRoutes.Hub),
            Transports = HttpTransportType.WebSockets,
            SkipNegotiation = true,
            WebSocketFactory = async (context, ct) => socket = await AgentWebSocket.ConnectAsync(context.Uri, "token", http, ct),
        }, NullLoggerFactory.Instance);
        await connection.StartAsync(TransferFormat.Text);
        await connection.Transport.Output.WriteAsync(new byte[] { 0x1e });
        await dying.WaitAsync(Eventually.Patience);
        await Eventually.TrueAsync(() => socket!.Fault is not null);
        Assert.IsType<WebSocketException>(socket!.Fault);

        // The pipe ends without an error: with one, a reader would get nothing of what lies in it.
        var text = new StringBuilder();
        while (true)
        {
            var read = await connection.Transport.Input.ReadAsync().AsTask().Within();
            text.Append(Encoding.UTF8.GetString(read.Buffer));
            connection.Transport.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
                break;
        }
        Assert.Equal(Said + 1, text.ToString().Count(c => c == '\x1e'));
    }

    [Fact]
    public async Task The_agent_hears_all_that_a_hub_said_before_it_died_and_why_the_socket_ended()
    {
        await using var bench = new Bench().Start();
        var dying = SayAndDieAsync(afterSync: true);
        using var key = P256.Create();
        using var tokens = new HttpClient(new Tokens());
        using var signIn = new SignIn(tokens, key, new EnrolmentState { AgentId = "a-x", HubId = "h", Hostname = "web-01", HubUrls = [Url.AbsoluteUri], PinnedKeys = [], PollSeconds = 10 },
            TimeProvider.System, NullLogger<SignIn>.Instance);
        await using var channel = await SocketChannel.ConnectAsync(Url, http, signIn, reply => Hear([.. reply.Commands]), TimeProvider.System, CancellationToken.None);
        var unanswered = await Assert.ThrowsAsync<IOException>(() => channel.SyncAsync(new SyncComposer(bench.Book, bench.Outbox, () => new AgentInfo(), () => null).Compose("i", 0).Request, static () => { }, CancellationToken.None));
        Assert.IsType<WebSocketException>(unanswered.InnerException);
        await dying.WaitAsync(Eventually.Patience);
        await Eventually.TrueAsync(() => channel.Closed.IsCancellationRequested);

        await AllIsHeardAsync();
        Assert.Contains("close handshake", channel.ClosedWhy, StringComparison.Ordinal);
    }

    /// <summary>SignalR's client does not wait for what it hands out: it may say first that it is closed.</summary>
    private async Task AllIsHeardAsync()
    {
        await Eventually.TrueAsync(() => heard.Count >= Said);
        Assert.Equal(Enumerable.Range(1, Said).Select(id => (long)id), heard);
    }

    private void Hear(Envelope[] orders)
    {
        foreach (var order in orders)
            heard.Enqueue(order.Id);
    }

    /// <summary>Accepts one agent, answers its handshake, hears a sync if it is to, orders, and is gone.</summary>
    private async Task SayAndDieAsync(bool afterSync)
    {
        using var agent = await listener.AcceptTcpClientAsync();
        await using var stream = agent.GetStream();
        using var reader = new StreamReader(stream, leaveOpen: true);
        var key = "";
        while (await reader.ReadLineAsync() is { Length: > 0 } line)
        {
            if (line.StartsWith("Sec-WebSocket-Key: ", StringComparison.OrdinalIgnoreCase))
                key = line.Split(' ')[1];
        }
        // RFC 6455, 4.2.2.
        var accepted = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accepted}\r\n\r\n"));
        var socket = WebSocket.CreateFromStream(stream, new WebSocketCreationOptions { IsServer = true });
        await HearAsync(socket, "");
        await SayAsync(socket, "{}");
        if (afterSync)
            await HearAsync(socket, $"\"target\":\"{AgentRoutes.SyncMethod}\"");
        for (var id = 1; id <= Said; id++)
            await SayAsync(socket, $$"""{"type":1,"target":"{{AgentRoutes.Execute}}","arguments":[{{JsonSerializer.Serialize([Order with { Id = id }], WireJson.Default.EnvelopeArray)}}]}""");
    }

    /// <summary>Hears the agent out until it has said this: a connection left with words unheard is reset.</summary>
    private static async Task HearAsync(WebSocket socket, string until)
    {
        var heard = "";
        var part = new byte[64 * 1024];
        while (true)
        {
            var received = await socket.ReceiveAsync(part.AsMemory(), CancellationToken.None);
            heard += Encoding.UTF8.GetString(part, 0, received.Count);
            if (received.EndOfMessage && heard.Contains(until, StringComparison.Ordinal))
                return;
        }
    }

    private static ValueTask SayAsync(WebSocket socket, string message) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(message + '\x1e').AsMemory(), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);

    private sealed class Tokens : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage { Content = JsonContent.Create(new TokenReply("token", 3600), WireJson.Default.TokenReply) });
    }
}
