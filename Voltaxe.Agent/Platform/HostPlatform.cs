using System.Text.Json;
using System.Text.Json.Nodes;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Platform;

/// <summary>The host could not do it. <paramref name="error"/> is one word for programs.</summary>
public sealed class PlatformException(string error, string message) : Exception(message)
{
    public string Error { get; } = error;
}

/// <summary>What became of an effect, for the result's data.</summary>
/// <param name="Changed">False when the host was already as asked.</param>
public sealed record EffectOutcome(bool Changed, string Message, JsonObject Details);

/// <summary>Cuts the host off from everything but the hub, and ends that. Throws <see cref="PlatformException"/> when it cannot.</summary>
public interface IHostIsolation
{
    Task<EffectOutcome> IsolateAsync(Guid uid, IsolateParams wanted, bool resumed, CancellationToken ct);

    Task<EffectOutcome> RestoreAsync(Guid uid, bool resumed, CancellationToken ct);

    /// <summary>What is true on the host now, looked up anew.</summary>
    Task<Observed> ObserveAsync(CancellationToken ct);

    /// <summary>Whose isolation should stand, or null where none should.</summary>
    Task<Guid?> InForceAsync(CancellationToken ct);
}

/// <summary>
/// An isolation made of rules in the host's kernel: it can be proven, taken back and put back. What should stand is kept on the disk, and
/// outlives the agent and the machine's restarts.
/// </summary>
public interface IRulesIsolation : IHostIsolation
{
    /// <summary>Whether the hub was heard of right before the rules that stand were loaded: only then is its silence the rules' doing.</summary>
    bool HubAnsweredBefore { get; }

    /// <summary>
    /// The journal decides what should stand: a note that is missing, damaged or an older one's is written anew, and
    /// <see cref="ReapplyAsync"/> loads it. One of which the journal knows nothing stays: an isolation must not end because a journal was lost.
    /// </summary>
    /// <param name="standing">The isolation that should stand; null: the host was restored.</param>
    /// <param name="isOlder">Whether the journal knows the isolation of this uid, and that what it says came later.</param>
    /// <returns>What was wrong with the note, or null.</returns>
    Task<string?> FollowJournalAsync(StandingIsolation? standing, Func<Guid, bool> isOlder, CancellationToken ct);

    /// <summary>Whether one of the hub's addresses (or the proxy's) accepts a TCP connection now. Asks nothing of the hub's own program.</summary>
    Task<bool> HubAcceptsAsync(CancellationToken ct);

    /// <summary>Tries to reach what must be out of reach. Null when the rules were seen to refuse it; otherwise why that was not seen.</summary>
    Task<string?> WhyNotBlockedAsync(CancellationToken ct);

    /// <summary>The block and the hub's answer were seen at this (hub) time; null: what was seen holds no more.</summary>
    Task VerifiedAsync(DateTimeOffset? at);

    /// <summary>Puts back what stood before this command's rules. Remembered over a restart of the agent.</summary>
    Task RollBackAsync(Guid uid, CancellationToken ct);

    /// <summary>Whether this command's rules were rolled back and not loaded again since; what is left of them is taken away.</summary>
    Task<bool> IsRolledBackAsync(Guid uid, CancellationToken ct);

    /// <summary>Loads the rules of a command whose rules were rolled back.</summary>
    /// <param name="hubAnswered">The hub answered while they were away: if it falls silent again, the rules are the cause.</param>
    Task<EffectOutcome> LoadAgainAsync(Guid uid, IsolateParams wanted, bool hubAnswered, CancellationToken ct);

    /// <summary>Loads what should stand and does not, or not as it was loaded. Null: there was nothing to do.</summary>
    Task<Reapplied?> ReapplyAsync(CancellationToken ct);
}

/// <summary>An isolation that stands by what the journal says.</summary>
/// <param name="Uid">The command's.</param>
/// <param name="Since">Hub time.</param>
public sealed record StandingIsolation(Guid Uid, IsolateParams Wanted, DateTimeOffset Since);

/// <summary>Rules were put back.</summary>
/// <param name="Uid">Whose isolation it is.</param>
/// <param name="Found">How they were found.</param>
/// <param name="Rebooted">The machine was restarted since they were loaded: that they were gone is nobody's doing.</param>
public sealed record Reapplied(Guid Uid, RulesState Found, bool Rebooted);

/// <summary>Ends processes by pid and identity. Throws <see cref="PlatformException"/> when it cannot or will not.</summary>
public interface IProcessControl
{
    /// <param name="resumed">It had begun before the agent died: a process that is gone was ended by it.</param>
    Task<EffectOutcome> KillAsync(Guid uid, KillParams target, bool resumed, CancellationToken ct);

    /// <summary>The start time of the process that is meant, as it is now; null when there is none. Looked up before STARTED, and journalled with it.</summary>
    string? Pin(KillParams target);

    /// <summary>The processes of the host, as JSON objects with pid, name, start_time and more.</summary>
    JsonArray List();
}

/// <summary>What this operating system offers. What is null cannot be done here, and <see cref="Missing"/> says why.</summary>
public sealed record HostPlatform(string Name, IHostIsolation? Isolation, IProcessControl? Processes, IForensics? Forensics)
{
    /// <summary>A mark of platforms that no test has seen at work.</summary>
    public const string Experimental = "experimental";

    /// <summary>Why a command cannot be carried out on this host.</summary>
    public IReadOnlyDictionary<string, string> Missing { get; init; } = new Dictionary<string, string>();

    /// <summary>How the people at the host are told; null where nobody is to be.</summary>
    public INoticeBoard? Notices { get; init; }

    /// <summary>Capabilities that are not commands, such as <c>dry_run</c>.</summary>
    public IReadOnlyList<string> Marks { get; init; } = [];

    public IReadOnlyList<string> Capabilities =>
    [
        .. Isolation is null ? Array.Empty<string>() : [CommandNames.NetworkIsolate, CommandNames.NetworkRestore],
        .. Processes is null ? Array.Empty<string>() : [CommandNames.KillProcess],
        .. Forensics is null ? Array.Empty<string>() : [CommandNames.CollectForensics],
        .. Marks,
    ];

    public string WhyMissing(string command) => Missing.GetValueOrDefault(command, $"this agent cannot do {command} on {Name}");

    /// <summary>What is missing where there are no forensics, and no isolation either when there is a reason for that.</summary>
    public static IReadOnlyDictionary<string, string> Lacking(string name, string? whyNotIsolate)
    {
        var missing = new Dictionary<string, string>(StringComparer.Ordinal) { [CommandNames.CollectForensics] = $"this version does not collect on {name}" };
        if (whyNotIsolate is not null)
            missing[CommandNames.NetworkIsolate] = missing[CommandNames.NetworkRestore] = $"this host cannot be isolated: {whyNotIsolate}";
        return missing;
    }

    /// <summary>A JSON object as the wire takes it.</summary>
    public static JsonElement ToElement(JsonNode node) => JsonElement.Parse(node.ToJsonString());
}
