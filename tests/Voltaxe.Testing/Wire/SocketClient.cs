using System.Diagnostics;
using System.Net.WebSockets;
using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace Voltaxe.Testing.Wire;

/// <summary>A <see cref="WireAgent"/> over <c>/hubs/agent</c>: SignalR's JSON protocol on a bare WebSocket, without negotiation.</summary>
/// <param name="open">Opens the socket with this access token in the <c>Authorization</c> header; <see cref="SignalRSocket.ClientTo"/> for a real hub.</param>
public sealed class SocketClient(WireAgent agent, Func<string, Task<WebSocket>> open) : IDeliveryClient
{
    private readonly SemaphoreSlim oneAtATime = new(1);
    private readonly Lock journal = new();
    private Channel<bool> arrivals = System.Threading.Channels.Channel.CreateUnbounded<bool>();
    private SignalRSocket? socket;

    public WireAgent Agent { get; } = agent;
    public string Channel => "signalr";
    public bool KeepsJournal => true;
    public IReadOnlyList<long> HandedOut => Agent.HandedOut;

    /// <summary>The open socket, for what only a misbehaving client does.</summary>
    public SignalRSocket Socket => socket ?? throw new InvalidOperationException("not connected");

    /// <summary>When false, what is pushed is lost on the way: never taken in, never told.</summary>
    public bool HearsPushes { get; set; } = true;

    public async Task ConnectAsync()
    {
        if (socket is not null)
            await LeaveAsync();
        arrivals = System.Threading.Channels.Channel.CreateUnbounded<bool>();
        socket = await SignalRSocket.OpenAsync(await open(await Agent.Identity.AccessTokenAsync()), OnInvocation);
        await SyncAsync();
    }

    public async Task LeaveAsync()
    {
        if (socket is not null)
            await socket.DisposeAsync();
        socket = null;
    }

    /// <summary>One sync, taken in; an error completion is a failure that shows it.</summary>
    public async Task<JsonObject> SyncAsync()
    {
        await oneAtATime.WaitAsync();
        try
        {
            JsonObject request;
            lock (journal)
                request = Agent.NewSync();
            var reply = (await Socket.InvokeAsync("Sync", request))!.AsObject();
            lock (journal)
                Agent.Handle(reply);
            return reply;
        }
        finally
        {
            oneAtATime.Release();
        }
    }

    public async Task<DeliveredCommand?> NextAsync(TimeSpan? within = null)
    {
        var clock = Stopwatch.StartNew();
        var limit = within ?? Eventually.Patience;
        while (true)
        {
            WireEntry? next;
            lock (journal)
                next = Agent.TakeNext();
            if (next is not null)
            {
                // "Received" is told at once, as an agent does that has it on disk.
                await SyncAsync();
                return next.Command;
            }
            using var patience = new CancellationTokenSource(limit - clock.Elapsed is { Ticks: > 0 } left ? left : TimeSpan.FromMilliseconds(1));
            try
            {
                await arrivals.Reader.ReadAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                return null;
            }
        }
    }

    /// <summary>Waits for something to come, carries out what may start in the instant in which it is taken, and tells. False when nothing came.</summary>
    public async Task<bool> ActAsync(TimeSpan within)
    {
        using var patience = new CancellationTokenSource(within);
        try
        {
            await arrivals.Reader.ReadAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            // Nothing was pushed; a sync's reply may have brought something.
        }
        var acted = false;
        lock (journal)
        {
            for (; Agent.TakeNext() is { } next; acted = true)
                Agent.Finish(next, "executed", "done");
        }
        if (acted || !patience.IsCancellationRequested)
            await SyncAsync();
        return acted;
    }

    /// <summary>How the journal says that it ended, or null.</summary>
    public string? OutcomeOf(Guid uid)
    {
        lock (journal)
            return Agent.Find(uid)?.Result?["outcome"]?.GetValue<string>();
    }

    public async Task<Reported> ReportAsync(DeliveredCommand command, bool success, string message, JsonNode? data = null)
    {
        lock (journal)
            Agent.Finish(Agent.Find(command.Uid!.Value)!, success ? "executed" : "failed", message, data);
        await SyncAsync();
        return WireReport.Of(Agent, command);
    }

    public async Task<Reported> ReportAgainAsync(DeliveredCommand command)
    {
        lock (journal)
            Agent.Find(command.Uid!.Value)!.Recorded = false;
        await SyncAsync();
        return WireReport.Of(Agent, command);
    }

    public async ValueTask DisposeAsync()
    {
        await LeaveAsync();
        oneAtATime.Dispose();
    }

    private void OnInvocation(string target, JsonArray arguments)
    {
        if (!HearsPushes)
            return;
        if (arguments is not [JsonArray items])
            throw new InvalidDataException($"{target} must have one argument, a list: {arguments.ToJsonString()}");
        var objects = items.Select(i => i!.AsObject()).ToArray();
        lock (journal)
        {
            switch (target)
            {
                case "Execute": Agent.HandleEnvelopes(objects); break;
                case "Cancel": Agent.HandleCancels(objects); break;
                case "Ask": Agent.Asks.AddRange(objects); break;
                default: throw new InvalidDataException($"the hub called {target}, which agents do not have");
            }
        }
        arrivals.Writer.TryWrite(true);
    }
}
