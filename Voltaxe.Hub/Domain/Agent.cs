using Voltaxe.Contracts.Wire;

namespace Voltaxe.Hub.Domain;

/// <summary>An agent: its identity is its key, never its host name.</summary>
public sealed class Agent
{
    private const long SkewWorthAWord = 30;
    private static readonly TimeSpan ClockRetry = TimeSpan.FromMinutes(2);

    /// <summary>Derived from the public key; for a legacy agent, which has none, random in the same shape.</summary>
    public required string Id { get; init; }
    public required string Hostname { get; init; }
    /// <summary>The host name in lower case, for comparing.</summary>
    public required string HostnameKey { get; init; }
    public string? PublicKey { get; init; }
    public bool Legacy { get; init; }
    public DateTimeOffset EnrolledAt { get; init; }
    public DateTimeOffset? RevokedAt { get; set; }
    /// <summary>An admin allowed the next enrolment of this name to take it.</summary>
    public bool MayBeReplaced { get; set; }

    // The journal and the process behind it.
    public string? Epoch { get; set; }
    public string? Instance { get; set; }
    public long N { get; set; }
    public long Position { get; set; }
    /// <summary>Syncs of the current instance that came with a lower n, one after the other.</summary>
    public int StaleInARow { get; set; }
    /// <summary>The highest seq that the agent has told of.</summary>
    public long HighestSeq { get; set; }
    /// <summary>The last seq that was drawn for it.</summary>
    public long LastSeq { get; set; }
    /// <summary>The current socket session; pushes are claimed only for it.</summary>
    public long Session { get; set; }
    /// <summary>Why its commands are held back, or null.</summary>
    public string? HeldBecause { get; set; }

    // What it said of itself. Hostile text.
    public string? Os { get; set; }
    public string? Version { get; set; }
    /// <summary>A JSON array of words.</summary>
    public string Capabilities { get; set; } = "[]";
    /// <summary>A JSON array of words.</summary>
    public string Tags { get; set; } = "[]";
    public bool? Isolated { get; set; }
    public DateTimeOffset? IsolatedSince { get; set; }
    public DateTimeOffset? IsolationVerifiedAt { get; set; }
    public RulesState? Rules { get; set; }
    public string? Degraded { get; set; }
    /// <summary>The host name that it last told; an alert is raised once for each that differs.</summary>
    public string? ToldHostname { get; set; }

    // Presence.
    public DateTimeOffset? LastSeenAt { get; set; }
    public bool OnSocket { get; set; }

    /// <summary>What was last asked of the network lane: true is isolated.</summary>
    public bool WantedIsolated { get; set; }
    /// <summary>The command that asked it.</summary>
    public long? WantedBy { get; set; }

    /// <summary>Since when (hub time) what it observed is not what was last asked, or null: it is.</summary>
    public DateTimeOffset? DriftSince { get; private set; }

    /// <summary>What is observed is not what was last asked; while that is still on its way, too.</summary>
    public bool Drifts => Isolated is { } isolated && (isolated != WantedIsolated || Rules is RulesState.Missing or RulesState.Tampered);

    /// <summary>After every change.</summary>
    public void NoteDrift(DateTimeOffset now) => DriftSince = Drifts ? DriftSince ?? now : null;

    /// <summary>How far the host's clock is ahead of hub time, as its sign-ins tell, in seconds; null: not worth a word.</summary>
    public long? ClockSkewSeconds { get; private set; }
    /// <summary>When that was told.</summary>
    public DateTimeOffset? ClockSkewAt { get; private set; }

    /// <summary>
    /// What a sign-in says of the host's clock. One that was refused for its time is followed by one that is stamped with the hub's own, which
    /// says nothing. Shown, and used for nothing: whoever has an old assertion can show it again.
    /// </summary>
    public void Clock(DateTimeOffset said, DateTimeOffset now, bool accepted)
    {
        var skew = (long)(said - now).TotalSeconds;
        if (accepted && ClockSkewAt is { } told && now - told < ClockRetry)
            return;
        // Said again, it is no news: whoever signs in in a circle must not have it written each time.
        if (!accepted && ClockSkewAt is { } before && now - before < ClockRetry / 2 && Math.Abs(skew - (ClockSkewSeconds ?? 0)) <= SkewWorthAWord)
            return;
        var isOff = Math.Abs(skew) > SkewWorthAWord;
        ClockSkewSeconds = isOff ? skew : null;
        ClockSkewAt = isOff ? now : null;
    }

    /// <summary>The order of intent: after everything drawn, after everything the agent has seen, and not before now.</summary>
    public long DrawSeq(DateTimeOffset now)
    {
        var micros = (now - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        LastSeq = Math.Max(Math.Max(LastSeq + 1, HighestSeq + 1), micros);
        return LastSeq;
    }
}

/// <summary>A journal epoch that was replaced; it never becomes current again.</summary>
public sealed class RetiredEpoch
{
    public required string AgentId { get; init; }
    public required string Epoch { get; init; }
    public DateTimeOffset RetiredAt { get; init; }
}

/// <summary>A process instance that was replaced; its syncs are stale.</summary>
public sealed class RetiredInstance
{
    public required string AgentId { get; init; }
    public required string Instance { get; init; }
    public DateTimeOffset RetiredAt { get; init; }
    /// <summary>How often it came back. Twice means two processes with one key.</summary>
    public int Returns { get; set; }
}
