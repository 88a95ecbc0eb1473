using System.Globalization;
using System.Net;
using System.Net.Sockets;
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
        var stands = before is not null && digest == before.Digest;
        if (resumed && before?.Uid == uid)
        {
            return stands
                ? new(true, "isolated (found applied after a restart)", Details(before))
                : new(true, "isolated", await LoadAsync(before, before, ct));
        }

        var resolved = await hubs.ResolveAsync(ct);
        if (resolved.Count == 0)
            throw new PlatformException("hub_unresolved", "no hub's name resolves now: isolating would cut the host off from the hub");
        string[] allow = [.. wanted.Allow.Select(Canonical).Distinct()];
        if (stands && before!.Allow.SequenceEqual(allow) && Same(before.Hubs, resolved))
        {
            // Nothing is loaded, so nothing can be taken back: what stood stays, whatever the hub does.
            store.Write(before with { Uid = uid, HubAnswered = false, Previous = null });
            return new(false, "the host was isolated like this already", Details(before));
        }
        var since = stands ? before!.Since : WireTime.Truncate(ties.Now());
        var isolation = new IsolationFile(uid, since, allow, resolved, "") { BootId = ties.BootId, HubAnswered = ties.HubHeard(), Previous = before is null ? null : before with { Previous = null } };
        return new(true, "isolated", await LoadAsync(isolation, before, ct));
    }

    public async Task<EffectOutcome> RestoreAsync(Guid uid, bool resumed, CancellationToken ct)
    {
        using var mine = await EnterAsync(ct);
        var stood = await RemoveAsync(ct);
        return new(stood || resumed, stood || resumed ? "restored" : "the host was not isolated", []);
    }

    public async Task<Observed> ObserveAsync(CancellationToken ct)
    {
        using var mine = await EnterAsync(ct);
        var wanted = store.Read();
        var rules = StateOf(wanted, await nft.DigestAsync(ct));
        // A table that somebody changed may let anything through: only one that is as loaded counts as isolation.
        return rules == RulesState.Intact ? new Observed(true, wanted!.Since, verifiedAt, rules) : new Observed(false, null, null, rules);
    }

    /// <summary>Loads the rules, and writes down before it that they are wanted: a crash in between leaves nothing that nobody knows of.</summary>
    private async Task<JsonObject> LoadAsync(IsolationFile isolation, IsolationFile? before, CancellationToken ct)
    {
        var rules = RulesOf(isolation);
        store.Write(isolation);
        // From here on names do not resolve: whoever reconnects uses what the rules let through.
        hubs.Pin(isolation.Hubs);
        verifiedAt = null;
        try
        {
            await nft.LoadAsync(rules.ToText(), ct);
        }
        catch
        {
            hubs.Pin(before?.Hubs);
            store.Put(before);
            throw;
        }
        await NoteLoadedAsync(isolation);
        var details = Details(isolation);
        if ((await egress.EnsureAsync(rules, ct)).WhyNot is { } rawFramesPass)
            details["raw_frames_not_blocked"] = rawFramesPass;
        if (await sockets.EndAllButAsync(rules.Hubs, isolation.Allow, ct) is { } left)
            details["sessions_not_ended"] = left;
        if (store.NotWritten is { } why)
            details["not_on_disk"] = why;
        return details;
    }

    private async Task NoteLoadedAsync(IsolationFile isolation)
    {
        var loaded = await nft.DigestAsync(CancellationToken.None)
            ?? throw new PlatformException("rules_missing", "nft took the rules, but the kernel does not show them");
        store.Write(isolation with { Digest = loaded, BootId = ties.BootId });
    }

    /// <summary>True when there was something to take away.</summary>
    private async Task<bool> RemoveAsync(CancellationToken ct)
    {
        var stood = await nft.DigestAsync(ct) is not null;
        if (stood)
            await nft.LoadAsync(IsolationRules.Removal, ct);
        if (await nft.DigestAsync(ct) is not null)
            throw new PlatformException("rules_remain", "nft deleted our table, but the kernel still shows it");
        await egress.RemoveAsync(ct);
        store.Delete();
        hubs.Pin(null);
        verifiedAt = null;
        return stood;
    }

    private IsolationRules RulesOf(IsolationFile isolation) => new(hubs.EndPoints(isolation.Hubs), isolation.Allow, Native.EffectiveUser());

    private static RulesState StateOf(IsolationFile? wanted, string? digest) => (wanted, digest) switch
    {
        (null, null) => RulesState.None,
        (not null, null) => RulesState.Missing,
        (not null, not null) when digest == wanted.Digest => RulesState.Intact,
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
