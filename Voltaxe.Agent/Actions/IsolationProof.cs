using Voltaxe.Agent.Execution;
using Voltaxe.Agent.Platform;
using Voltaxe.Contracts.Json;

namespace Voltaxe.Agent.Actions;

/// <summary>What was seen after rules were loaded.</summary>
/// <param name="HubAnswers">A sync that began after the loading was answered.</param>
/// <param name="WhyNotBlocked">Null when the rules were seen to refuse what they must.</param>
public sealed record Proof(bool HubAnswers, string? WhyNotBlocked)
{
    public bool Holds => HubAnswers && WhyNotBlocked is null;
}

/// <summary>Sees for itself that an isolation is one: the hub still answers, and nobody else can be reached.</summary>
public sealed class IsolationProof(HubContact contact, HubClock clock, Outbox outbox, TimeProvider time)
{
    /// <summary>How long the hub may take. A second below 30, so that a host whose rules cut the hub off is free again within those 30.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(29);

    /// <summary>How old the last word of the hub may be, for its silence to be the fault of rules loaded now.</summary>
    public static readonly TimeSpan Recent = TimeSpan.FromSeconds(10);

    /// <summary>How often a proven isolation is proven again.</summary>
    private static readonly TimeSpan Again = TimeSpan.FromMinutes(1);

    private long loaded, proven;
    private bool holds;

    /// <summary>Rules are being loaded, or were: what was seen before does not count.</summary>
    public void Loaded() => (loaded, holds) = (time.GetTimestamp(), false);

    /// <summary>Waits for the hub through the rules that were just loaded, and tries the block meanwhile.</summary>
    public async Task<Proof> WaitAsync(IRulesIsolation rules, CancellationToken ct)
    {
        Loaded();
        outbox.RingNow();
        var answering = contact.WaitAsync(loaded, Patience, ct);
        var whyNot = await rules.WhyNotBlockedAsync(ct);
        var proof = new Proof(await answering, whyNot);
        await NoteAsync(rules, proof);
        return proof;
    }

    /// <summary>For the watch: tries again what is not proven, and now and then what is. Does not wait for the hub.</summary>
    public async Task RefreshAsync(IRulesIsolation rules, CancellationToken ct)
    {
        if (holds && time.GetElapsedTime(proven) < Again)
            return;
        if (!contact.AnsweredSince(holds ? proven : loaded))
        {
            outbox.RingNow();
            // What was seen stays what was seen; it only gets older.
            return;
        }
        var before = loaded;
        var proof = new Proof(true, await rules.WhyNotBlockedAsync(ct));
        // Other rules were loaded meanwhile: whoever did it proves them.
        if (before == loaded)
            await NoteAsync(rules, proof);
    }

    private async Task NoteAsync(IRulesIsolation rules, Proof proof)
    {
        (holds, proven) = (proof.Holds, time.GetTimestamp());
        await rules.VerifiedAsync(proof.Holds ? WireTime.Truncate(clock.Now ?? time.GetUtcNow()) : null);
    }
}
