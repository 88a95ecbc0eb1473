using Voltaxe.Contracts.Commands;

namespace Voltaxe.Hub.Domain;

/// <summary>Every wait and limit of a command's life (configuration section <c>Voltaxe:Delivery</c>). Defaults are the protocol's.</summary>
public sealed record DeliveryLimits
{
    /// <summary>How long isolate and restore stay valid once due. Default 72 h.</summary>
    public TimeSpan NetworkLifetime { get; init; } = TimeSpan.FromHours(72);
    /// <summary>How long a collection stays valid once due. Default 24 h.</summary>
    public TimeSpan CollectLifetime { get; init; } = TimeSpan.FromHours(24);
    /// <summary>How long a kill stays valid once due. Default 15 min.</summary>
    public TimeSpan KillLifetime { get; init; } = TimeSpan.FromMinutes(15);
    /// <summary>No command lives longer than this once due, whatever was asked. Default 30 days; the seed asks for 1 h.</summary>
    public TimeSpan MaxLifetime { get; init; } = TimeSpan.FromDays(30);
    /// <summary>How long a command waits for approval. Default 24 h.</summary>
    public TimeSpan ApprovalLimit { get; init; } = TimeSpan.FromHours(24);
    /// <summary>How far ahead <c>not_before</c> may lie. Default 90 days.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromDays(90);
    /// <summary>When a push without an answer first counts as lost; the wait doubles up to <see cref="MaxPushWait"/>. Default 5 s.</summary>
    public TimeSpan FirstPushWait { get; init; } = TimeSpan.FromSeconds(5);
    /// <summary>The longest wait between hand-outs of one command, and the pace of one that is never received. Default 60 s.</summary>
    public TimeSpan MaxPushWait { get; init; } = TimeSpan.FromSeconds(60);
    /// <summary>After so many hand-outs without <c>received</c> a command goes alone, after all others. Default 3.</summary>
    public int HandOutsBeforeAlone { get; init; } = 3;
    /// <summary>Silence after which a command is <c>unknown(no_report)</c>. Default 10 min.</summary>
    public TimeSpan SilenceLimit { get; init; } = TimeSpan.FromMinutes(10);
    /// <summary>The same for what was handed out on the seed's route, counted from hand-out. Default 5 min.</summary>
    public TimeSpan SeedSilenceLimit { get; init; } = TimeSpan.FromMinutes(5);
    /// <summary>At most so many commands in one hand-out. Default 200.</summary>
    public int MaxCommandsPerHandOut { get; init; } = 200;
    /// <summary>At most so many characters of payload in one hand-out, so that a message stays below 1 MiB. Default 600,000.</summary>
    public int MaxPayloadPerHandOut { get; init; } = 600_000;

    /// <summary>How long a command is valid once it is due, unless its order says otherwise.</summary>
    public TimeSpan LifetimeOf(string command)
    {
        var usual = command switch
        {
            CommandNames.KillProcess => KillLifetime,
            CommandNames.CollectForensics => CollectLifetime,
            _ => NetworkLifetime,
        };
        return usual < MaxLifetime ? usual : MaxLifetime;
    }

    /// <summary>The agent's own limits on a run; here they only tell when silence is too long.</summary>
    public static TimeSpan RunLimitOf(string command) => command switch
    {
        CommandNames.KillProcess => TimeSpan.FromMinutes(1),
        CommandNames.CollectForensics => TimeSpan.FromHours(2),
        _ => TimeSpan.FromMinutes(2),
    };

    public static int PriorityOf(string command) => command switch
    {
        CommandNames.NetworkIsolate => 10,
        CommandNames.KillProcess => 8,
        CommandNames.NetworkRestore => 5,
        _ => 3,
    };

    /// <summary>How long the latest hand-out may stay unanswered.</summary>
    public TimeSpan PushWait(int unheard) =>
        unheard >= HandOutsBeforeAlone ? MaxPushWait : TimeSpan.FromTicks(Math.Min(MaxPushWait.Ticks, FirstPushWait.Ticks << Math.Clamp(unheard - 1, 0, 20)));

    public IEnumerable<string> Faults()
    {
        foreach (var (key, value) in new (string, TimeSpan)[]
        {
            (nameof(NetworkLifetime), NetworkLifetime), (nameof(CollectLifetime), CollectLifetime), (nameof(KillLifetime), KillLifetime),
            (nameof(MaxLifetime), MaxLifetime), (nameof(ApprovalLimit), ApprovalLimit), (nameof(MaxDelay), MaxDelay),
            (nameof(FirstPushWait), FirstPushWait), (nameof(MaxPushWait), MaxPushWait), (nameof(SilenceLimit), SilenceLimit), (nameof(SeedSilenceLimit), SeedSilenceLimit),
        })
        {
            if (value <= TimeSpan.Zero)
                yield return $"Voltaxe:Delivery:{key} must be longer than zero";
        }
        if (MaxPushWait < FirstPushWait)
            yield return "Voltaxe:Delivery:MaxPushWait must not be shorter than FirstPushWait";
        if (HandOutsBeforeAlone < 1)
            yield return "Voltaxe:Delivery:HandOutsBeforeAlone must be at least 1";
        if (MaxCommandsPerHandOut is < 1 or > 1000)
            yield return "Voltaxe:Delivery:MaxCommandsPerHandOut must be from 1 to 1000";
        if (MaxPayloadPerHandOut is < 50_000 or > 600_000)
            yield return "Voltaxe:Delivery:MaxPayloadPerHandOut must be from 50000 to 600000";
    }
}
