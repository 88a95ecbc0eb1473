using System.Runtime.ExceptionServices;
using System.Text.Json.Nodes;
using Voltaxe.Agent.Platform.Rules;

namespace Voltaxe.Agent.Platform.Linux;

/// <summary>An nftables table of our own, and another one at the interfaces where the kernel has it.</summary>
/// <param name="others">Ends what the host carries for its containers and virtual machines.</param>
/// <param name="news">Told when something on the host begins, or ceases, to get past the rules while it is isolated.</param>
public sealed class NftFirewall(Nft nft, NetworkLook look, SocketKiller sockets, HostSessions? others = null, IsolationNews? news = null) : IFirewall
{
    private readonly EgressChains egress = new(look, nft);
    private IReadOnlyList<string>? onLink;

    public Task<string?> DigestAsync(CancellationToken ct) => nft.DigestAsync(ct);

    public async Task LoadAsync(Passage passage, CancellationToken ct)
    {
        var stood = await nft.DigestAsync(ct);
        var attached = await look.OnLinkAsync(ct);
        if (await TryLoadAsync(RulesOf(passage).ToText(attached), ct) is { } fault && (await nft.DigestAsync(CancellationToken.None) is not { } loaded || loaded == stood))
            fault.Throw();
        onLink = attached;
    }

    public async Task RemoveAsync(CancellationToken ct)
    {
        var fault = await nft.DigestAsync(ct) is null ? null : await TryLoadAsync(IsolationRules.Removal, ct);
        if (await nft.DigestAsync(CancellationToken.None) is not null)
        {
            fault?.Throw();
            throw new PlatformException("rules_remain", "nft deleted our table, but the kernel still shows it");
        }
        onLink = null;
        news?.Known(null);
        // Half of it is gone: the rest goes, too, whoever has lost patience.
        await egress.RemoveAsync(CancellationToken.None);
    }

    public async Task FinishAsync(Passage passage, bool fresh, JsonObject details, CancellationToken ct)
    {
        var ensured = await egress.EnsureAsync(RulesOf(passage), ct);
        IsolationLimits.Tell(details, ensured);
        news?.Known(IsolationLimits.Watched(ensured));
        List<string?> left = [await TryEndAsync(() => sockets.EndAllButAsync(passage.Hubs, passage.Allow, ct))];
        if (others is not null)
            left.Add(await TryEndAsync(() => others.EndAsync(details, ct)));
        if (left.OfType<string>().ToArray() is { Length: > 0 } some)
            details["sessions_not_ended"] = string.Join("; ", some);
    }

    /// <summary>What has changed in the network since is followed, and is nobody's doing.</summary>
    public async Task<bool> TendAsync(Passage passage, CancellationToken ct)
    {
        var ensured = await egress.EnsureAsync(RulesOf(passage), ct);
        var tampered = ensured.Around is { } around && await TendSetsAsync(around.OnLink, ct);
        news?.See(IsolationLimits.Watched(ensured));
        return tampered || ensured.Tampered;
    }

    public async Task<long?> RefusedAsync(CancellationToken ct) => await nft.RefusedAsync(ct);

    /// <summary>True: somebody had changed what the sets hold. The digest does not cover them, because they follow the routes.</summary>
    private async Task<bool> TendSetsAsync(IReadOnlyList<string> attached, CancellationToken ct)
    {
        if (await nft.OnLinkAsync(ct) is not { } found)
            return false;
        var tampered = onLink is not null && !found.SequenceEqual(onLink);
        if (!found.SequenceEqual(attached))
            await nft.LoadAsync(IsolationRules.ToUpdate(attached), ct);
        onLink = attached;
        return tampered;
    }

    private static async Task<string?> TryEndAsync(Func<Task<string?>> end)
    {
        try
        {
            return await end();
        }
        catch (PlatformException e)
        {
            return e.Message;
        }
    }

    /// <summary>Loads all or nothing, and says what went wrong. Whether it is done is asked of the kernel: a nft that was killed may have done its work before.</summary>
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

    private static IsolationRules RulesOf(Passage passage) => new(passage.Hubs, passage.Allow, Native.EffectiveUser());
}
