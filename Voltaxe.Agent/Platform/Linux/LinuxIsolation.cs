using System.Globalization;
using System.Net;
using System.Runtime.ExceptionServices;
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
    private readonly IsolationNote note = new(file);
    // Whoever looks must not see an isolation half done.
    private readonly SemaphoreSlim one = new(1);

    public string? WhyNot(IsolateParams wanted) => wanted.DurationSeconds is null ? null : IsolationLimits.NoDuration;

    public Task<EffectOutcome> IsolateAsync(Guid uid, IsolateParams wanted, bool resumed, CancellationToken ct) =>
        InTurnAsync(() => IsolateNowAsync(uid, [.. wanted.Allow.Select(Canonical).Distinct()], resumed, ct), ct);

    public Task<EffectOutcome> RestoreAsync(Guid uid, bool resumed, CancellationToken ct) => InTurnAsync(() => RestoreNowAsync(resumed, ct), ct);

    /// <summary>A table that somebody changed may let anything through: only one that is as loaded counts as isolation.</summary>
    public Task<Observed> ObserveAsync(CancellationToken ct) => InTurnAsync(async () =>
    {
        var wanted = note.Read();
        var rules = (wanted, await nft.DigestAsync(ct)) switch
        {
            (null, null) => RulesState.None,
            (not null, null) => RulesState.Missing,
            (not null, { } digest) when digest == wanted.Digest => RulesState.Intact,
            _ => RulesState.Tampered,
        };
        return new Observed(rules == RulesState.Intact, rules == RulesState.Intact ? wanted!.Since : null, null, rules);
    }, ct);

    private async Task<EffectOutcome> IsolateNowAsync(Guid uid, string[] allow, bool resumed, CancellationToken ct)
    {
        var before = note.Read();
        var digest = await nft.DigestAsync(ct);
        var stands = before?.Digest is not null && digest == before.Digest;
        if (resumed && stands && before!.Uid == uid)
            return await EndSessionsAsync(new(true, "isolated (found applied after a restart)", Details(before)), before, ct);

        var resolved = await hubs.ResolveAsync(ct);
        if (resolved.Count == 0)
            throw new PlatformException("hub_unresolved", "no hub's name resolves now: isolating would cut the host off from the hub");
        if (stands && before!.Allow.SequenceEqual(allow) && Same(before.Hubs, resolved))
        {
            note.Write(before with { Uid = uid });
            return Noted(new(false, "the host was isolated like this already", Details(before)));
        }

        // Written down first: after a crash behind the load no name resolves any more, and this is how the hub is found.
        var isolation = new IsolationFile(uid, before is not null && digest is not null ? before.Since : WireTime.Truncate(now()), allow, resolved, null);
        note.Write(isolation);
        hubs.Pin(resolved);
        var fault = await LoadAsync(new IsolationRules(hubs.EndPoints(resolved), allow, Native.EffectiveUser()).ToText(), ct);
        var loaded = await nft.DigestAsync(CancellationToken.None);
        if (fault is not null && loaded == digest)
        {
            note.Write(before);
            hubs.Pin(before?.Hubs);
            fault.Throw();
        }
        isolation = isolation with { Digest = loaded ?? throw new PlatformException("rules_missing", "nft took the rules, but the kernel does not show them") };
        note.Write(isolation);
        return await EndSessionsAsync(new(true, "isolated", Details(isolation)), isolation, ct);
    }

    private async Task<EffectOutcome> RestoreNowAsync(bool resumed, CancellationToken ct)
    {
        var stood = await nft.DigestAsync(ct) is not null;
        var fault = stood ? await LoadAsync(IsolationRules.Removal, ct) : null;
        if (await nft.DigestAsync(CancellationToken.None) is not null)
        {
            fault?.Throw();
            throw new PlatformException("rules_remain", "nft deleted our table, but the kernel still shows it");
        }
        note.Write(null);
        hubs.Pin(null);
        return Noted(new(stood || resumed, stood || resumed ? "restored" : "the host was not isolated", []));
    }

    /// <summary>Loads, and says what went wrong. Whether the kernel has it is asked of the kernel: a nft that was killed may have done its work before.</summary>
    private async Task<ExceptionDispatchInfo?> LoadAsync(string rules, CancellationToken ct)
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
        if (note.NotWritten is { } why)
            outcome.Details["not_written_down"] = why;
        return outcome;
    }

    private async Task<T> InTurnAsync<T>(Func<Task<T>> act, CancellationToken ct)
    {
        await one.WaitAsync(ct);
        try
        {
            return await act();
        }
        finally
        {
            one.Release();
        }
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
