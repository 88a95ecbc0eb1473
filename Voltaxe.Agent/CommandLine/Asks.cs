using System.Text;
using System.Text.Json.Nodes;
using Voltaxe.Agent.Execution;
using Voltaxe.Agent.Platform;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.CommandLine;

/// <summary>Answers the hub's small questions. Reads only, beside everything else.</summary>
internal sealed class Asks(HostPlatform platform, Outbox outbox)
{
    private const int MaxBytes = 200 * 1024;

    public void Answer(Ask ask) => _ = Task.Run(() => outbox.TellAnswer(new AskAnswer(ask.AskId, HostPlatform.ToElement(Find(ask.What)))));

    internal JsonObject Find(string what)
    {
        if (what is not "processes" || platform.Processes is not { } processes)
            return new JsonObject { ["error"] = "this agent has no answer to that" };
        try
        {
            return Cut(processes.List());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or PlatformException)
        {
            return new JsonObject { ["error"] = e.Message };
        }
    }

    private static JsonObject Cut(JsonArray all)
    {
        var kept = new JsonArray();
        var bytes = 0;
        foreach (var entry in all.OfType<JsonNode>())
        {
            bytes += Encoding.UTF8.GetByteCount(entry.ToJsonString()) + 1;
            if (bytes > MaxBytes)
                break;
            kept.Add(entry.DeepClone());
        }
        return new JsonObject { ["count"] = all.Count, ["cut"] = all.Count - kept.Count, ["processes"] = kept };
    }
}
