using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Model.Texts;

namespace Voltaxe.Dashboard.Model.Looks;

/// <summary>Whether the hub hears from a host. Says nothing about containment.</summary>
public static class PresenceLook
{
    public static Look Of(Presence presence) => presence switch
    {
        Presence.Live => new("Live", Glyph.Pulse, Tone.Good),
        Presence.Polling => new("Polling", Glyph.Waves, Tone.Info),
        Presence.Stale => new("Stale", Glyph.Clock, Tone.Warn),
        Presence.Offline => new("Offline", Glyph.Slash, Tone.Neutral),
        Presence.Never => new("Never connected", Glyph.Ring, Tone.Neutral),
        _ => throw new ArgumentOutOfRangeException(nameof(presence), presence, "not a presence"),
    };

    /// <summary>The same with what is known of the time: "Offline since 1 Mar 09:30".</summary>
    public static Look Of(AgentView agent, DateTimeOffset now)
    {
        var look = Of(agent.Presence);
        return agent is { Presence: Presence.Offline or Presence.Stale, LastSeen: { } seen }
            ? look with { Word = $"{look.Word} since {Stamp.Short(seen, now)}" }
            : look;
    }

    /// <summary>Whether an order can reach the host now, or has to wait for it.</summary>
    public static bool Reachable(Presence presence) => presence is Presence.Live or Presence.Polling;
}
