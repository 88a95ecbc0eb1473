using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;

namespace Voltaxe.Testing.Wire;

/// <summary>A <see cref="WireAgent"/> over <c>POST /agent/v1/sync</c>.</summary>
public sealed class SyncClient(WireAgent agent) : IDeliveryClient
{
    private readonly SemaphoreSlim oneAtATime = new(1);

    public WireAgent Agent { get; } = agent;
    public string Channel => "sync";
    public bool KeepsJournal => true;
    public IReadOnlyList<long> HandedOut => Agent.HandedOut;

    /// <summary>One sync, taken in. Anything but 200 is a failure that shows the answer.</summary>
    public async Task<JsonObject> SyncAsync(int waitSeconds = 0)
    {
        await oneAtATime.WaitAsync();
        try
        {
            var reply = await PostAsync(Agent.NewSync(waitSeconds));
            Agent.Handle(reply);
            return reply;
        }
        finally
        {
            oneAtATime.Release();
        }
    }

    /// <summary>Sends this very request and gives the reply without taking it in: what a lost answer, a repeat or a lie looks like.</summary>
    public async Task<JsonObject> PostAsync(JsonObject request)
    {
        using var response = await TryPostAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return response.StatusCode == HttpStatusCode.OK
            ? JsonNode.Parse(text)!.AsObject()
            : throw new InvalidOperationException($"sync was answered {(int)response.StatusCode}: {text}");
    }

    public Task<HttpResponseMessage> TryPostAsync(JsonObject request, CancellationToken ct = default) =>
        Agent.Identity.SendAsync(HttpMethod.Post, "/agent/v1/sync", request, ct);

    public Task ConnectAsync() => SyncAsync();

    public Task LeaveAsync() => Task.CompletedTask;

    public async Task<DeliveredCommand?> NextAsync(TimeSpan? within = null)
    {
        var clock = Stopwatch.StartNew();
        var limit = within ?? Eventually.Patience;
        for (var first = true; ; first = false)
        {
            if (Agent.TakeNext() is { } next)
                return next.Command;
            var left = limit - clock.Elapsed;
            if (left <= TimeSpan.Zero && !first)
                return null;
            await SyncAsync(Math.Clamp((int)left.TotalSeconds, 0, 5));
        }
    }

    public async Task<Reported> ReportAsync(DeliveredCommand command, bool success, string message, JsonNode? data = null)
    {
        Agent.Finish(Agent.Find(command.Uid!.Value)!, success ? "executed" : "failed", message, data);
        await SyncAsync();
        return WireReport.Of(Agent, command);
    }

    public async Task<Reported> ReportAgainAsync(DeliveredCommand command)
    {
        Agent.Find(command.Uid!.Value)!.Recorded = false;
        await SyncAsync();
        return WireReport.Of(Agent, command);
    }

    public ValueTask DisposeAsync()
    {
        oneAtATime.Dispose();
        return ValueTask.CompletedTask;
    }
}

/// <summary>What became of a result, as the journal knows after the reply.</summary>
internal static class WireReport
{
    public static Reported Of(WireAgent agent, DeliveredCommand command) => agent.Find(command.Uid!.Value) switch
    {
        { Recorded: true } => Reported.Recorded,
        { Dropped: "conflict" } => Reported.Conflict,
        { Dropped: "unknown_uid" } => Reported.UnknownUid,
        _ => Reported.Refused,
    };
}
