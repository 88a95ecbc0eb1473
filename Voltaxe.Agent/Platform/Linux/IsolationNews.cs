using System.Text.Json.Nodes;

namespace Voltaxe.Agent.Platform.Linux;

/// <summary>
/// Tells when what gets past the rules changes while they stand. Somebody who changes it in a loop must not fill the journal: at most once a
/// minute, and then what is true by then.
/// </summary>
public sealed class IsolationNews(Action<JsonObject> tell, TimeProvider time)
{
    private static readonly TimeSpan Between = TimeSpan.FromMinutes(1);

    private JsonObject? told;
    private long? at;

    /// <summary>What the result of the isolation says; null: none stands.</summary>
    public void Known(JsonObject? state) => told = state;

    public void See(JsonObject state)
    {
        // After a restart of the agent nobody knows what was told: what is open is told again, and where the hub is reached is taken as it is.
        told ??= new() { [IsolationLimits.NextHops] = state[IsolationLimits.NextHops]?.DeepClone() };
        // A next hop that is found, or not known for a while, is as it should be. One that is another now is news.
        var (before, now) = (told[IsolationLimits.NextHops] as JsonObject ?? [], state[IsolationLimits.NextHops] as JsonObject ?? []);
        told[IsolationLimits.NextHops] = Filled(before, now);
        state[IsolationLimits.NextHops] = Filled(now, before);
        if (JsonNode.DeepEquals(state, told) || at is { } last && time.GetElapsedTime(last) < Between)
            return;
        (told, at) = ((JsonObject)state.DeepClone(), time.GetTimestamp());
        tell(state);
    }

    private static JsonObject Filled(JsonObject some, JsonObject others)
    {
        var filled = (JsonObject)some.DeepClone();
        foreach (var (hub, macs) in others.Where(o => !some.ContainsKey(o.Key)).OrderBy(o => o.Key, StringComparer.Ordinal).ToList())
            filled[hub] = macs?.DeepClone();
        return filled;
    }
}
