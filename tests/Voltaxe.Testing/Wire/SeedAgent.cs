using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Voltaxe.Testing.Wire;

/// <summary>
/// An agent of the seed: polls <c>/command/poll?host=</c>, reports to <c>/command/result</c>, remembers nothing, signs in with a
/// static token (or, for an unmodified Sentinel, with the token in the path).
/// </summary>
public sealed class SeedAgent(HttpClient hub, string hostname, string token, bool tokenInPath = false) : IDeliveryClient
{
    private static readonly TimeSpan PollEvery = TimeSpan.FromMilliseconds(100);
    private readonly Queue<DeliveredCommand> fresh = new();
    private readonly List<long> handedOut = [];
    private readonly Dictionary<long, JsonObject> reports = [];

    public string Channel => "seed";
    public bool KeepsJournal => false;
    public IReadOnlyList<long> HandedOut => handedOut;

    /// <summary>One poll as deployed ones ask it; gives the commands as the hub ordered them.</summary>
    public async Task<IReadOnlyList<JsonObject>> PollAsync()
    {
        using var response = await SendAsync(HttpMethod.Get, "/command/poll?host=" + Uri.EscapeDataString(hostname));
        var text = await response.Content.ReadAsStringAsync();
        if (response.StatusCode != HttpStatusCode.OK)
            throw new InvalidOperationException($"the poll was answered {(int)response.StatusCode}: {text}");
        JsonObject[] commands = [.. WireText.Objects(JsonNode.Parse(text)!.AsObject(), "commands")];
        foreach (var command in commands)
        {
            var id = WireText.Number(command, "id");
            handedOut.Add(id);
            fresh.Enqueue(new DeliveredCommand(id, null, null, WireText.Text(command, "command"), command["params"] as JsonObject ?? []));
        }
        return commands;
    }

    public Task<HttpResponseMessage> TryResultAsync(JsonObject body) => SendAsync(HttpMethod.Post, "/command/result", body);

    public Task ConnectAsync() => PollAsync();

    public Task LeaveAsync() => Task.CompletedTask;

    public async Task<DeliveredCommand?> NextAsync(TimeSpan? within = null)
    {
        var clock = Stopwatch.StartNew();
        while (fresh.Count == 0)
        {
            await PollAsync();
            if (fresh.Count > 0)
                break;
            if (clock.Elapsed > (within ?? Eventually.Patience))
                return null;
            await Task.Delay(PollEvery, TimeProvider.System);
        }
        return fresh.Dequeue();
    }

    public async Task<Reported> ReportAsync(DeliveredCommand command, bool success, string message, JsonNode? data = null)
    {
        reports[command.Id] = new JsonObject { ["command_id"] = command.Id, ["success"] = success, ["message"] = message, ["data"] = data?.DeepClone() };
        return await ReportAgainAsync(command);
    }

    public async Task<Reported> ReportAgainAsync(DeliveredCommand command)
    {
        using var response = await TryResultAsync(reports[command.Id]);
        return response.StatusCode switch
        {
            HttpStatusCode.OK => Reported.Recorded,
            HttpStatusCode.Conflict => Reported.Conflict,
            HttpStatusCode.NotFound => Reported.UnknownUid,
            HttpStatusCode.BadRequest or HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => Reported.Refused,
            var other => throw new InvalidOperationException($"the result was answered {(int)other}: {await response.Content.ReadAsStringAsync()}"),
        };
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, JsonObject? body = null)
    {
        using var request = new HttpRequestMessage(method, tokenInPath ? $"/legacy/{token}{path}" : path);
        if (!tokenInPath)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (body is not null)
            request.Content = JsonContent.Create(body);
        return await hub.SendAsync(request);
    }
}
