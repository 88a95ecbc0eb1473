using Voltaxe.Agent.Execution;
using Voltaxe.Agent.Platform;
using Voltaxe.Contracts.Json;

namespace Voltaxe.Agent.Actions;

/// <summary>What was seen after rules were loaded.</summary>
/// <param name="HubAnswers">A sync that began after the loading was answered.</param>
/// <param name="HubAccepts">The hub accepted a connection through the rules: they do not cut it off, however slow it is.</param>
/// <param name="WhyNotBlocked">Null when the rules were seen to refuse what they must.</param>
public sealed record Proof(bool HubAnswers, bool HubAccepts, string? WhyNotBlocked)
{
    public bool Holds => HubAnswers && WhyNotBlocked is null;
}

/// <summary>Sees for itself that an isolation is one: the hub still answers, and nobody else can be reached.</summary>
public sealed class IsolationProof(HubContact contact, HubClock clock, Outbox outbox, TimeProvider time)
{
    /// <summary>
    /// How long a hub may take that answered quickly before. A second below 30, so that a host whose rules cut the hub off is free again
    /// within those 30.
    /// </summary>
    public static readonly TimeSpan ShortestTimeout = TimeSpan.FromSeconds(29);

    /// <summary>How long a hub may take that was slow before. With a second try, all of it fits into the limit of the command.</summary>
    public static readonly TimeSpan LongestTimeout = TimeSpan.FromSeconds(40);

    /// <summary>How long it may take when the rules are loaded a second time.</summary>
    public static readonly TimeSpan SecondTimeout = TimeSpan.FromSeconds(20);

    /// <summary>How long the hub is looked for after the rules were rolled back.</summary>
    public static readonly TimeSpan RolledBackTimeout = TimeSpan.FromSeconds(12);

    /// <summary>How old the last word of the hub may be, for its silence to be the fault of rules loaded now.</summary>
    public static readonly TimeSpan Recent = TimeSpan.FromSeconds(10);

    /// <summary>How much slower than before it may answer.</summary>
    private const int Slower = 10;

    /// <summary>How often a proven isolation is proven again.</summary>
    private static readonly TimeSpan Again = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan BetweenConnections = TimeSpan.FromSeconds(1);

    private long loaded, proven;
    private bool holds;

    /// <summary>The time that the hub has to answer, by how fast it was before the rules were loaded.</summary>
    public TimeSpan Timeout => TimeSpan.FromTicks(Math.Clamp(contact.SlowestAnswer.Ticks * Slower, ShortestTimeout.Ticks, LongestTimeout.Ticks));

    /// <summary>Rules are being loaded, or were: what was seen before does not count.</summary>
    public void Loaded() => (loaded, holds) = (time.GetTimestamp(), false);

    /// <summary>Waits for the hub through the rules that were just loaded, and tries the block meanwhile.</summary>
    /// <param name="atMost">How long.</param>
    public async Task<Proof> WaitAsync(IRulesIsolation rules, TimeSpan atMost, CancellationToken ct)
    {
        Loaded();
        outbox.RingNow();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var answering = contact.WaitAsync(loaded, atMost, over.Token);
        var accepting = AcceptsAsync(rules, over.Token);
        bool answers;
        string? whyNot;
        try
        {
            whyNot = await rules.WhyNotBlockedAsync(ct);
            answers = await answering;
        }
        finally
        {
            await over.CancelAsync();
        }
        var proof = new Proof(answers, await accepting || answers, whyNot);
        await NoteAsync(rules, proof);
        return proof;
    }

    /// <summary>Whether the hub can be reached now that the rules are rolled back: by a connection, or because it answers.</summary>
    public async Task<bool> IsBackAsync(IRulesIsolation rules, CancellationToken ct)
    {
        var since = time.GetTimestamp();
        outbox.RingNow();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var answering = contact.WaitAsync(since, RolledBackTimeout, over.Token);
        var accepting = AcceptsAsync(rules, over.Token);
        try
        {
            return await await Task.WhenAny(answering, accepting);
        }
        finally
        {
            await over.CancelAsync();
        }
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
        var proof = new Proof(true, true, await rules.WhyNotBlockedAsync(ct));
        // Other rules were loaded meanwhile: whoever did it proves them.
        if (before == loaded)
            await NoteAsync(rules, proof);
    }

    /// <summary>Tries connections until one is accepted (true) or it is cancelled (false).</summary>
    private async Task<bool> AcceptsAsync(IRulesIsolation rules, CancellationToken ct)
    {
        try
        {
            while (!await rules.HubAcceptsAsync(ct))
                await Task.Delay(BetweenConnections, time, ct);
            return true;
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task NoteAsync(IRulesIsolation rules, Proof proof)
    {
        (holds, proven) = (proof.Holds, time.GetTimestamp());
        await rules.VerifiedAsync(proof.Holds ? WireTime.Truncate(clock.Now ?? time.GetUtcNow()) : null);
    }
}
