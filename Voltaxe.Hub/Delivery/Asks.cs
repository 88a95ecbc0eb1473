using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Hub.Delivery;

/// <summary>Small read-only questions to agents. Never durable, never an effect, good for 30 s.</summary>
public sealed class Asks(AgentLinks links, TimeProvider time)
{
    public static readonly TimeSpan Life = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, Waiting> waiting = new();

    private sealed record Waiting(string AgentId, Ask Ask, TaskCompletionSource<JsonElement?> Answer);

    /// <summary>The agent's answer, hostile data; null when none came in time.</summary>
    public async Task<JsonElement?> AskAsync(string agentId, string what, JsonElement? parameters, CancellationToken ct)
    {
        var ask = new Ask(Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture), what, parameters);
        var asked = new Waiting(agentId, ask, new(TaskCreationOptions.RunContinuationsAsynchronously));
        waiting[ask.AskId] = asked;
        try
        {
            if (links.SocketOf(agentId) is { } link)
                await link.Socket.AskAsync([ask], ct);
            else
                links.Wake(agentId);
            return await asked.Answer.Task.WaitAsync(Life, time, ct);
        }
        catch (TimeoutException)
        {
            return null;
        }
        finally
        {
            waiting.TryRemove(ask.AskId, out _);
        }
    }

    /// <summary>What is still to be answered by this agent.</summary>
    public IReadOnlyList<Ask> PendingFor(string agentId) =>
        waiting.IsEmpty ? [] : [.. waiting.Values.Where(w => w.AgentId == agentId && !w.Answer.Task.IsCompleted).Select(w => w.Ask)];

    /// <summary>Only the agent that was asked can answer.</summary>
    public void Answered(string agentId, IEnumerable<AskAnswer> answers)
    {
        foreach (var answer in answers)
        {
            if (waiting.TryGetValue(answer.AskId, out var asked) && asked.AgentId == agentId)
                asked.Answer.TrySetResult(answer.Data);
        }
    }
}
