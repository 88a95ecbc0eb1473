using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Platform.Rules;

/// <summary>Isolation by rules of our own in the system's packet filter: what is wanted is on the disk, what is true is asked of the system.</summary>
/// <param name="store">Where the wanted isolation is kept.</param>
public sealed partial class RulesIsolation(IFirewall firewall, IHubWhereabouts hubs, IsolationStore store, IsolationTies ties) : IRulesIsolation
{
    /// <summary>Commands and the watch look at the same rules, and must not change them at the same time.</summary>
    private readonly SemaphoreSlim gate = new(1);
    private DateTimeOffset? verifiedAt;
    private IsolationFile? rolledBack;

    public async Task<EffectOutcome> IsolateAsync(Guid uid, IsolateParams wanted, bool resumed, CancellationToken ct)
    {
        using var mine = await EnterAsync(ct);
        if (resumed && store.Read() is { } mineAlready && mineAlready.Uid == uid)
        {
            return await StandsAsync(mineAlready, ct)
                ? await FinishAsync(new(true, "isolated (found applied after a restart)", Details(mineAlready)), mineAlready, fresh: false, ct)
                : await LoadAsync(mineAlready, mineAlready, ct);
        }
        return await LoadNewAsync(uid, wanted, ties.HubHeard(), ct);
    }

    private async Task<bool> StandsAsync(IsolationFile? noted, CancellationToken ct) => noted?.Digest is { } digest && await firewall.DigestAsync(ct) == digest;

    private async Task<EffectOutcome> LoadNewAsync(Guid uid, IsolateParams wanted, bool hubAnswered, CancellationToken ct)
    {
        var before = store.Read();
        var stands = await StandsAsync(before, ct);
        var resolved = await hubs.ResolveAsync(ct);
        if (resolved.Count == 0 && rolledBack is { } same && same.Uid == uid)
            resolved = same.Hubs;
        if (resolved.Count == 0)
            throw new PlatformException("hub_unresolved", "no hub's name resolves now, and no address is known at which one has answered: isolating would cut the host off from the hub");
        var allow = Allowed(wanted);
        if (stands && before!.Allow.SequenceEqual(allow) && Same(before.Hubs, resolved))
        {
            // Nothing is loaded, so nothing can be taken back: what stood stays, whatever the hub does.
            store.Write(before with { Uid = uid, HubAnswered = false, Previous = null });
            return Noted(new(false, "the host was isolated like this already", Details(before)));
        }
        var since = stands ? before!.Since : WireTime.Truncate(ties.Now());
        var isolation = new IsolationFile(uid, since, allow, resolved, null) { BootId = ties.BootId, HubAnswered = hubAnswered, Previous = before is null ? null : before with { Previous = null } };
        return await LoadAsync(isolation, before, ct);
    }

    public async Task<EffectOutcome> RestoreAsync(Guid uid, bool resumed, CancellationToken ct)
    {
        using var mine = await EnterAsync(ct);
        var stood = await RemoveAsync(ct);
        return Noted(new(stood || resumed, stood || resumed ? "restored" : "the host was not isolated", []));
    }

    public async Task<Observed> ObserveAsync(CancellationToken ct)
    {
        using var mine = await EnterAsync(ct);
        var wanted = store.Read();
        var rules = StateOf(wanted, await firewall.DigestAsync(ct));
        // A table that somebody changed may let anything through: only one that is as loaded counts as isolation.
        return rules == RulesState.Intact ? new Observed(true, wanted!.Since, verifiedAt, rules) : new Observed(false, null, null, rules);
    }

    /// <summary>
    /// Loads the rules, and writes down before it that they are wanted: a crash in between leaves nothing that nobody knows of, and no name
    /// resolves any more behind the load, so this is how the hub is found.
    /// </summary>
    /// <param name="before">What was wanted until now, and is again when this fails.</param>
    private async Task<EffectOutcome> LoadAsync(IsolationFile isolation, IsolationFile? before, CancellationToken ct)
    {
        store.Write(isolation);
        hubs.Pin(isolation.Hubs);
        verifiedAt = null;
        try
        {
            await firewall.LoadAsync(PassageOf(isolation), ct);
        }
        catch (Exception e) when (e is PlatformException or OperationCanceledException)
        {
            WantAgain(before);
            throw;
        }
        if (await firewall.DigestAsync(CancellationToken.None) is not { } loaded)
        {
            WantAgain(before);
            throw new PlatformException("rules_missing", "the rules were taken, but the system does not show them");
        }
        store.Write(isolation with { Digest = loaded, BootId = ties.BootId });
        return await FinishAsync(new EffectOutcome(true, "isolated", Details(isolation)), isolation, fresh: true, ct);
    }

    private void WantAgain(IsolationFile? before)
    {
        store.Write(before);
        hubs.Pin(before?.Hubs);
    }

    /// <summary>True when there was something to take away.</summary>
    private async Task<bool> RemoveAsync(CancellationToken ct)
    {
        var stood = await firewall.DigestAsync(ct) is not null;
        await firewall.RemoveAsync(ct);
        // A note that is left over would have them put back.
        WantAgain(null);
        verifiedAt = null;
        return stood;
    }

    private async Task<EffectOutcome> FinishAsync(EffectOutcome outcome, IsolationFile isolation, bool fresh, CancellationToken ct)
    {
        await firewall.FinishAsync(PassageOf(isolation), fresh, outcome.Details, ct);
        return Noted(outcome);
    }

    private static string[] Allowed(IsolateParams wanted) => [.. wanted.Allow.Select(Canonical).Distinct()];

    private EffectOutcome Noted(EffectOutcome outcome)
    {
        if (store.NotWritten is { } why)
            outcome.Details["not_written_down"] = why;
        return outcome;
    }

    private Passage PassageOf(IsolationFile isolation) => new(hubs.EndPoints(isolation.Hubs), isolation.Allow);

    private static RulesState StateOf(IsolationFile? wanted, string? digest) => (wanted, digest) switch
    {
        (null, null) => RulesState.None,
        (not null, null) => RulesState.Missing,
        (not null, { } there) when there == wanted.Digest => RulesState.Intact,
        _ => RulesState.Tampered,
    };

    private async Task<IDisposable> EnterAsync(CancellationToken ct)
    {
        await gate.WaitAsync(ct);
        return new Leaving(gate);
    }

    private sealed class Leaving(SemaphoreSlim gate) : IDisposable
    {
        public void Dispose() => gate.Release();
    }

    private static JsonObject Details(IsolationFile isolation) => new()
    {
        ["hub_addresses"] = new JsonArray([.. isolation.Hubs.SelectMany(h => h.Value).Distinct().Select(a => (JsonNode)a)]),
        ["allow"] = new JsonArray([.. isolation.Allow.Select(a => (JsonNode)a)]),
    };

    private static bool Same(IReadOnlyDictionary<string, string[]> a, IReadOnlyDictionary<string, string[]> b) =>
        a.Count == b.Count && a.All(p => b.TryGetValue(p.Key, out var other) && p.Value.ToHashSet().SetEquals(other));

    /// <summary>As packet filters read it: no host bits behind the prefix, no mapped addresses.</summary>
    internal static string Canonical(string addressOrNetwork)
    {
        // Checked long before; but what comes out of here becomes part of rules and command lines.
        if (!CommandParams.IsAddressOrNetwork(addressOrNetwork))
            throw new FormatException($"{addressOrNetwork} is no address and no network");
        var slash = addressOrNetwork.IndexOf('/');
        var address = IPAddress.Parse(slash < 0 ? addressOrNetwork : addressOrNetwork[..slash]);
        if (slash < 0)
            return (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();
        var bits = int.Parse(addressOrNetwork[(slash + 1)..], CultureInfo.InvariantCulture);
        var bytes = address.GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++)
        {
            var keep = Math.Clamp(bits - i * 8, 0, 8);
            bytes[i] &= (byte)(0xFF << (8 - keep));
        }
        var full = address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        var network = new IPAddress(bytes).ToString();
        return bits >= full ? network : $"{network}/{bits}";
    }
}
