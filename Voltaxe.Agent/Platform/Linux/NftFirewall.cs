using System.Runtime.ExceptionServices;
using System.Text.Json.Nodes;
using Voltaxe.Agent.Platform.Rules;

namespace Voltaxe.Agent.Platform.Linux;

/// <summary>An nftables table of our own, and another one against raw frames where the kernel has it.</summary>
public sealed class NftFirewall(Nft nft, EgressChains egress, SocketKiller sockets) : IFirewall
{
    public Task<string?> DigestAsync(CancellationToken ct) => nft.DigestAsync(ct);

    public async Task LoadAsync(Passage passage, CancellationToken ct)
    {
        var stood = await nft.DigestAsync(ct);
        if (await TryLoadAsync(RulesOf(passage).ToText(), ct) is { } fault && (await nft.DigestAsync(CancellationToken.None) is not { } loaded || loaded == stood))
            fault.Throw();
    }

    public async Task RemoveAsync(CancellationToken ct)
    {
        var fault = await nft.DigestAsync(ct) is null ? null : await TryLoadAsync(IsolationRules.Removal, ct);
        if (await nft.DigestAsync(CancellationToken.None) is not null)
        {
            fault?.Throw();
            throw new PlatformException("rules_remain", "nft deleted our table, but the kernel still shows it");
        }
        // Half of it is gone: the rest goes, too, whoever has lost patience.
        await egress.RemoveAsync(CancellationToken.None);
    }

    public async Task FinishAsync(Passage passage, bool fresh, JsonObject details, CancellationToken ct)
    {
        if (fresh && (await egress.EnsureAsync(RulesOf(passage), ct)).WhyNot is { } rawFramesPass)
            details["raw_frames_not_blocked"] = rawFramesPass;
        string? left;
        try
        {
            left = await sockets.EndAllButAsync(passage.Hubs, passage.Allow, ct);
        }
        catch (PlatformException e)
        {
            left = e.Message;
        }
        if (left is not null)
            details["sessions_not_ended"] = left;
    }

    /// <summary>An interface that has come since gets its chain, too; that is nobody's doing.</summary>
    public async Task<bool> TendAsync(Passage passage, CancellationToken ct) => (await egress.EnsureAsync(RulesOf(passage), ct)).Tampered;

    public async Task<long?> RefusedAsync(CancellationToken ct) => await nft.RefusedAsync(ct);

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
