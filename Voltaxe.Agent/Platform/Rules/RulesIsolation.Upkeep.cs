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

    private async Task TakeBackAsync(Guid uid, CancellationToken ct)
    {
        if (store.Read() is not { } wanted || wanted.Uid != uid)
            return;
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
