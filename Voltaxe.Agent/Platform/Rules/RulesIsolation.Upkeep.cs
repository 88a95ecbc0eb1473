using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Platform.Rules;

public sealed partial class RulesIsolation
{
    public bool HubAnsweredBefore => store.Read() is { HubAnswered: true };

    public async Task<Guid?> InForceAsync(CancellationToken ct)
    {
        using var mine = await EnterAsync(ct);
        return store.Read()?.Uid;
    }

    public async Task<string?> WhyNotBlockedAsync(CancellationToken ct)
    {
        IsolationFile? wanted;
        using (await EnterAsync(ct))
            wanted = store.Read();
        if (wanted is null)
            return "the host is not isolated";
        var probe = new BlockProbe(ties.NewSocket);
        var refusals = 0;
        var doubts = new List<string>();
        foreach (var target in BlockProbe.Targets(hubs.EndPoints(wanted.Hubs), wanted.Allow))
        {
            var before = await firewall.RefusedAsync(ct);
            var answer = await probe.TryAsync(target, ties.Time, ct);
            // Connected: the worst there is. What else was seen does not count.
            if (answer == BlockProbe.Answer.Connected)
                return $"{target} was reached in spite of the rules";
            // A refusal is only worth something when it was ours. Null is not more than anything: where nobody counts, nothing is proven.
            if (answer is BlockProbe.Answer.Refused or BlockProbe.Answer.NoWay or BlockProbe.Answer.Forbidden && await firewall.RefusedAsync(ct) > before)
                refusals++;
            else
                doubts.Add($"{target}: {Describe(answer)}{(before is null ? ", and this system does not count what its rules refuse" : "")}");
        }
        return refusals > 0 ? null : doubts.Count > 0 ? $"no refusal of the rules was seen ({string.Join("; ", doubts)})" : "everything that could be tried is allowed";
    }

    public async Task VerifiedAsync(DateTimeOffset? at)
    {
        using var mine = await EnterAsync(CancellationToken.None);
        verifiedAt = at;
        // Proven once, the rules are not taken back when the hub falls silent later: that may be an attacker's doing.
        if (at is not null && store.Read() is { HubAnswered: true } proven)
            store.Write(proven with { HubAnswered = false, Previous = null });
    }

    public async Task RollBackAsync(Guid uid, CancellationToken ct)
    {
        using var mine = await EnterAsync(ct);
        await TakeBackAsync(uid, ct);
    }

    public async Task<bool> IsRolledBackAsync(Guid uid, CancellationToken ct)
    {
        using var mine = await EnterAsync(ct);
        if (store.TakenBack != uid)
            return false;
        await TakeBackAsync(uid, ct);
        return true;
    }

    public async Task<EffectOutcome> LoadAgainAsync(Guid uid, IsolateParams wanted, bool hubAnswered, CancellationToken ct)
    {
        using var mine = await EnterAsync(ct);
        // First: a crash from here on ends in loading them, and never in a host that is free because nobody remembers.
        store.ForgetTakenBack();
        return await LoadNewAsync(uid, wanted, hubAnswered, ct);
    }

    public async Task<bool> HubAcceptsAsync(CancellationToken ct)
    {
        IReadOnlyDictionary<string, string[]>? addresses;
        using (await EnterAsync(ct))
            addresses = store.Read()?.Hubs ?? rolledBack?.Hubs;
        var probe = new BlockProbe(ties.NewSocket);
        var tried = hubs.EndPoints(addresses ?? await hubs.ResolveAsync(ct)).Select(target => probe.TryAsync(target, ties.Time, ct)).ToList();
        return (await Task.WhenAll(tried)).Contains(BlockProbe.Answer.Connected);
    }

    public async Task<string?> FollowJournalAsync(StandingIsolation? standing, Func<Guid, bool> isOlder, CancellationToken ct)
    {
        using var mine = await EnterAsync(ct);
        var noted = store.Read();
        if (noted is not null && !isOlder(noted.Uid))
            return null;
        if (standing is null)
        {
            if (noted is null)
                return null;
            await RemoveAsync(ct);
            return "the note of an isolation was there, and the journal says that the host was restored after it: it was taken away";
        }
        var wrong = noted is not null ? "is that of an older isolation" : store.IsDamaged ? "is damaged" : "is missing";
        var isolation = new IsolationFile(standing.Uid, standing.Since, Allowed(standing.Wanted), await hubs.ResolveAsync(ct), null) { BootId = ties.BootId };
        store.Write(isolation);
        hubs.Pin(isolation.Hubs);
        return $"the note of the isolation {wrong}, and the journal says that this host is isolated: it was written anew"
            + (isolation.Hubs.Count == 0 ? ", without an address of the hub: none is known, and none will be while the host is isolated" : "");
    }

    private async Task TakeBackAsync(Guid uid, CancellationToken ct)
    {
        if (store.Read() is not { } wanted || wanted.Uid != uid)
            return;
        rolledBack = wanted;
        store.NoteTakenBack(uid);
        if (wanted.Previous is { } previous)
            await LoadAsync(previous, wanted, ct);
        else
            await RemoveAsync(ct);
    }

    public async Task<Reapplied?> ReapplyAsync(CancellationToken ct)
    {
        using var mine = await EnterAsync(ct);
        if (store.Read() is not { } wanted)
            return null;
        var found = StateOf(wanted, await firewall.DigestAsync(ct));
        if (found == RulesState.Intact)
            return await firewall.TendAsync(PassageOf(wanted), ct) ? new Reapplied(wanted.Uid, RulesState.Tampered, false) : null;
        await LoadAsync(wanted, wanted, ct);
        return new Reapplied(wanted.Uid, found, wanted.BootId != ties.BootId);
    }

    private static string Describe(BlockProbe.Answer answer) => answer switch
    {
        BlockProbe.Answer.Refused => "refused, but not by the rules",
        BlockProbe.Answer.Forbidden => "forbidden by this host",
        BlockProbe.Answer.Silence => "no answer",
        _ => "no way there",
    };
}
