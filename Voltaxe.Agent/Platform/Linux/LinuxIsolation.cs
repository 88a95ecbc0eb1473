using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using System.Text.Json.Nodes;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Platform.Linux;

/// <summary>Isolation by an nftables table of our own, and another one against raw frames where the kernel has it.</summary>
/// <param name="store">Where the wanted isolation is kept.</param>
public sealed partial class LinuxIsolation(Nft nft, EgressChains egress, SocketKiller sockets, IHubWhereabouts hubs, IsolationStore store, IsolationTies ties) : IRulesIsolation
{
    /// <summary>Commands and the watch look at the same rules, and must not change them at the same time.</summary>
    private readonly SemaphoreSlim gate = new(1);
    private DateTimeOffset? verifiedAt;

    public async Task<EffectOutcome> IsolateAsync(Guid uid, IsolateParams wanted, bool resumed, CancellationToken ct)
    {
        using var mine = await EnterAsync(ct);
        if (resumed && store.TakenBack == uid)
        {
            await TakeBackAsync(uid, ct);
            throw new PlatformException("control_channel_lost", "the hub had answered and did not through the rules: they were taken back, before the agent was restarted");
        }
        var before = store.Read();
        var digest = await nft.DigestAsync(ct);
        var stands = before?.Digest is not null && digest == before.Digest;
        if (resumed && before?.Uid == uid)
        {
            return stands
                ? await EndSessionsAsync(new(true, "isolated (found applied after a restart)", Details(before)), before, ct)
                : await LoadAsync(before, before, digest, ct);
        }

        var resolved = await hubs.ResolveAsync(ct);
        if (resolved.Count == 0)
            throw new PlatformException("hub_unresolved", "no hub's name resolves now: isolating would cut the host off from the hub");
        string[] allow = [.. wanted.Allow.Select(Canonical).Distinct()];
        if (stands && before!.Allow.SequenceEqual(allow) && Same(before.Hubs, resolved))
        {
            // Nothing is loaded, so nothing can be taken back: what stood stays, whatever the hub does.
            store.Write(before with { Uid = uid, HubAnswered = false, Previous = null });
            return Noted(new(false, "the host was isolated like this already", Details(before)));
        }
        var since = stands ? before!.Since : WireTime.Truncate(ties.Now());
        var isolation = new IsolationFile(uid, since, allow, resolved, null) { BootId = ties.BootId, HubAnswered = ties.HubHeard(), Previous = before is null ? null : before with { Previous = null } };
        return await LoadAsync(isolation, before, digest, ct);
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
        var rules = StateOf(wanted, await nft.DigestAsync(ct));
        // A table that somebody changed may let anything through: only one that is as loaded counts as isolation.
        return rules == RulesState.Intact ? new Observed(true, wanted!.Since, verifiedAt, rules) : new Observed(false, null, null, rules);
    }

    /// <summary>
    /// Loads the rules, and writes down before it that they are wanted: a crash in between leaves nothing that nobody knows of, and no name
    /// resolves any more behind the load, so this is how the hub is found.
    /// </summary>
    /// <param name="before">What was wanted until now, and is again when this fails.</param>
    /// <param name="stood">The digest of what stands now.</param>
    private async Task<EffectOutcome> LoadAsync(IsolationFile isolation, IsolationFile? before, string? stood, CancellationToken ct)
    {
        var rules = RulesOf(isolation);
        store.Write(isolation);
        hubs.Pin(isolation.Hubs);
        verifiedAt = null;
        var fault = await TryLoadAsync(rules.ToText(), ct);
        var loaded = await nft.DigestAsync(CancellationToken.None);
        if (loaded is null || fault is not null && loaded == stood)
        {
            store.Write(before);
            hubs.Pin(before?.Hubs);
            fault?.Throw();
            throw new PlatformException("rules_missing", "nft took the rules, but the kernel does not show them");
        }
        store.Write(isolation with { Digest = loaded, BootId = ties.BootId });
        var outcome = new EffectOutcome(true, "isolated", Details(isolation));
        if ((await egress.EnsureAsync(rules, ct)).WhyNot is { } rawFramesPass)
            outcome.Details["raw_frames_not_blocked"] = rawFramesPass;
        return await EndSessionsAsync(outcome, isolation, ct);
    }

    /// <summary>True when there was something to take away.</summary>
    private async Task<bool> RemoveAsync(CancellationToken ct)
    {
        var stood = await nft.DigestAsync(ct) is not null;
        var fault = stood ? await TryLoadAsync(IsolationRules.Removal, ct) : null;
        if (await nft.DigestAsync(CancellationToken.None) is not null)
        {
            fault?.Throw();
            throw new PlatformException("rules_remain", "nft deleted our table, but the kernel still shows it");
        }
        // Half of it is gone: the rest goes, too, whoever has lost patience. A note that is left over would have it put back.
        await egress.RemoveAsync(CancellationToken.None);
        store.Write(null);
        hubs.Pin(null);
        verifiedAt = null;
        return stood;
    }

    /// <summary>Loads, and says what went wrong. Whether the kernel has it is asked of the kernel: a nft that was killed may have done its work before.</summary>
    private async Task<ExceptionDispatchInfo?> TryLoadAsync(string rules, CancellationToken ct)
    {
        try
        {
            await nft.LoadAsync(rules, ct);
            return null;
        }
        catch (Exception e) when (e is PlatformException or OperationCanceledException)
        {
            return ExceptionDispatchInfo.Capture(e);
        }
    }

    private async Task<EffectOutcome> EndSessionsAsync(EffectOutcome outcome, IsolationFile isolation, CancellationToken ct)
    {
        string? left;
        try
        {
            left = await sockets.EndAllButAsync(hubs.EndPoints(isolation.Hubs), isolation.Allow, ct);
        }
        catch (PlatformException e)
        {
            left = e.Message;
        }
        if (left is not null)
            outcome.Details["sessions_not_ended"] = left;
        return Noted(outcome);
    }

    private EffectOutcome Noted(EffectOutcome outcome)
    {
        if (store.NotWritten is { } why)
            outcome.Details["not_written_down"] = why;
        return outcome;
    }

    private IsolationRules RulesOf(IsolationFile isolation) => new(hubs.EndPoints(isolation.Hubs), isolation.Allow, Native.EffectiveUser());

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

    /// <summary>As nft reads it: no host bits behind the prefix, no mapped addresses.</summary>
    internal static string Canonical(string addressOrNetwork)
    {
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
