using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Voltaxe.Agent.Configuration;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Platform.Linux;

/// <summary>Isolation by one nftables table of our own.</summary>
/// <param name="file">Where the isolation is written down.</param>
/// <param name="now">Hub time.</param>
public sealed class LinuxIsolation(Nft nft, SocketKiller sockets, IHubWhereabouts hubs, string file, Func<DateTimeOffset> now) : IHostIsolation
{
    public string? WhyNot(IsolateParams wanted) => wanted.DurationSeconds is null ? null : IsolationLimits.NoDuration;

    public async Task<EffectOutcome> IsolateAsync(Guid uid, IsolateParams wanted, bool resumed, CancellationToken ct)
    {
        var before = IsolationFile.Read(file);
        var digest = await nft.DigestAsync(ct);
        var stands = before is not null && digest == before.Digest;
        if (resumed && stands && before!.Uid == uid)
            return new(true, "isolated (found applied after a restart)", Details(before));

        var resolved = await hubs.ResolveAsync(ct);
        if (resolved.Count == 0)
            throw new PlatformException("hub_unresolved", "no hub's name resolves now: isolating would cut the host off from the hub");
        string[] allow = [.. wanted.Allow.Select(Canonical).Distinct()];
        if (stands && before!.Allow.SequenceEqual(allow) && Same(before.Hubs, resolved))
        {
            (before with { Uid = uid }).Write(file);
            return new(false, "the host was isolated like this already", Details(before));
        }

        var rules = new IsolationRules(hubs.EndPoints(resolved), allow, Native.EffectiveUser());
        // From here on names do not resolve: whoever reconnects uses what the rules let through.
        hubs.Pin(resolved);
        try
        {
            await nft.LoadAsync(rules.ToText(), ct);
        }
        catch
        {
            hubs.Pin(before?.Hubs);
            throw;
        }
        var loaded = await nft.DigestAsync(CancellationToken.None)
            ?? throw new PlatformException("rules_missing", "nft took the rules, but the kernel does not show them");
        var since = before is not null && digest is not null ? before.Since : WireTime.Truncate(now());
        var isolation = new IsolationFile(uid, since, allow, resolved, loaded);
        isolation.Write(file);
        var details = Details(isolation);
        var left = await sockets.EndAllButAsync(rules.Hubs, allow, ct);
        if (left is not null)
            details["sessions_not_ended"] = left;
        return new(true, "isolated", details);
    }

    public async Task<EffectOutcome> RestoreAsync(Guid uid, bool resumed, CancellationToken ct)
    {
        var stood = await nft.DigestAsync(ct) is not null;
        if (stood)
            await nft.LoadAsync(IsolationRules.Removal, ct);
        if (await nft.DigestAsync(ct) is not null)
            throw new PlatformException("rules_remain", "nft deleted our table, but the kernel still shows it");
        File.Delete(file);
        StateFolder.SyncDirectory(Path.GetDirectoryName(file)!);
        hubs.Pin(null);
        return new(stood || resumed, stood || resumed ? "restored" : "the host was not isolated", []);
    }

    public async Task<Observed> ObserveAsync(CancellationToken ct)
    {
        var wanted = IsolationFile.Read(file);
        var digest = await nft.DigestAsync(ct);
        var rules = (wanted, digest) switch
        {
            (null, null) => RulesState.None,
            (not null, null) => RulesState.Missing,
            (not null, not null) when digest == wanted.Digest => RulesState.Intact,
            _ => RulesState.Tampered,
        };
        // A table that somebody changed may let anything through: only one that is as loaded counts as isolation.
        return new Observed(rules == RulesState.Intact, rules == RulesState.Intact ? wanted!.Since : null, null, rules);
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
