using System.Text.Json;
using System.Text.Json.Nodes;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Execution;

/// <summary>Tells the hub how far an action is: now and then, as far as it gets through, and never waited for.</summary>
public sealed class ProgressTeller(Outbox outbox, HubClock clock, TimeProvider time)
{
    /// <summary>At least this long between two of one stage of a command; a new stage is told at once.</summary>
    public static readonly TimeSpan Rest = TimeSpan.FromSeconds(2);

    private readonly Lock gate = new();
    private long? toldAt;
    private (Guid Uid, int Percent, string Item, string Stage) told;

    /// <param name="percent">0 to 100, of the stage.</param>
    /// <param name="item">What is being worked on.</param>
    /// <param name="stage">What is being done with it.</param>
    public void Tell(Guid uid, int percent, string item, string stage)
    {
        lock (gate)
        {
            var rests = toldAt is { } at && time.GetElapsedTime(at) < Rest;
            if ((uid, percent, item, stage) == told || rests && (uid, stage) == (told.Uid, told.Stage))
                return;
            (told, toldAt) = ((uid, percent, item, stage), time.GetTimestamp());
        }
        var data = new JsonObject { ["percent"] = percent, ["item"] = item, ["stage"] = stage };
        outbox.TellProgress(new AgentEvent(Guid.CreateVersion7(time.GetUtcNow()).ToString(), "progress", WireTime.Truncate(clock.Now ?? time.GetUtcNow()), uid,
            JsonElement.Parse(data.ToJsonString())));
    }

    /// <summary>The action has ended: its result says more.</summary>
    public void Forget(Guid uid) => outbox.ForgetProgress(uid);
}
