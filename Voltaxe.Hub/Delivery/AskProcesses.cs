using System.Text.Json;
using MediatR;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.Hub.Agents;
using Voltaxe.Hub.Persistence;
using Voltaxe.Hub.Pipeline;

namespace Voltaxe.Hub.Delivery;

/// <summary>What runs on a host now, asked of its agent: for choosing what to kill. Nothing of it is kept.</summary>
public static class AskProcesses
{
    /// <summary>The name of the question on the wire.</summary>
    public const string What = "processes";

    private const int MaxRows = 10_000, MaxText = 1_000;

    public sealed record Request(Caller By, string AgentId) : IRequest<Result<ProcessList>>, IOperatorRequest
    {
        public Permission Needs => Permission.Command;
    }

    public sealed class Handler(HubStore store, AgentViews views, Asks asks) : IRequestHandler<Request, Result<ProcessList>>
    {
        public async Task<Result<ProcessList>> Handle(Request request, CancellationToken cancellationToken)
        {
            var agent = (await store.ReadAsync((db, ct) => views.LoadAsync(db, [request.AgentId], ct), cancellationToken)).SingleOrDefault();
            if (agent is null)
                return Refusal.NotFound("There is no such agent.");
            if (agent.Legacy)
                return Refusal.Conflict("agent_cannot", "A legacy agent answers no questions.");
            if (agent.Presence is not (Presence.Live or Presence.Polling))
                return Refusal.Conflict("agent_away", "The host is not connected, so nobody can say what runs on it now.");
            return await asks.AskAsync(agent.Id, What, null, cancellationToken) is { } answer
                ? Read(answer, store.Clock.Now)
                : new Refusal(504, "no_answer", $"The host did not answer within {Asks.Life.TotalSeconds:0} s.");
        }
    }

    /// <summary>Takes what has the right shape out of an answer; the rest of it counts as missing.</summary>
    public static Result<ProcessList> Read(JsonElement answer, DateTimeOffset at)
    {
        if (Text(answer, "error") is { } error)
            return new Refusal(502, "agent_cannot", $"The agent says: {error}");
        if (answer.ValueKind != JsonValueKind.Object || !answer.TryGetProperty("processes", out var processes) || processes.ValueKind != JsonValueKind.Array)
            return new Refusal(502, "agent_cannot", "The agent's answer is not a list of processes.");
        var rows = processes.EnumerateArray().Take(MaxRows).Select(Row).OfType<ProcessRow>().ToList();
        return new ProcessList(at, rows, processes.GetArrayLength() - rows.Count + Math.Max(0, Number(answer, "cut") ?? 0));
    }

    private static ProcessRow? Row(JsonElement row) =>
        Number(row, "pid") is { } pid and > 0 and <= CommandParams.MaxPid && Text(row, "name") is { } name
            ? new ProcessRow(pid, Number(row, "ppid") ?? 0, name, Text(row, "user") ?? Number(row, "uid")?.ToString(System.Globalization.CultureInfo.InvariantCulture),
                Text(row, "command_line"), Text(row, "start_time"), row.TryGetProperty("kernel", out var kernel) && kernel.ValueKind == JsonValueKind.True, Text(row, "protected"))
            : null;

    private static string? Text(JsonElement of, string field) =>
        of.ValueKind == JsonValueKind.Object && of.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { } text
            ? text.Length <= MaxText ? text : text[..MaxText]
            : null;

    private static int? Number(JsonElement of, string field) =>
        of.ValueKind == JsonValueKind.Object && of.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number : null;
}
