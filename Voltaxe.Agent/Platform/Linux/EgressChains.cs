using System.Text.Json;

namespace Voltaxe.Agent.Platform.Linux;

/// <summary>
/// Stops frames that programs write to an interface themselves (AF_PACKET), which pass no output chain: the table `netdev voltaxe` with
/// chains for every interface. Not every kernel has it; an isolation does without, and says so.
/// </summary>
public sealed class EgressChains(NetworkLook look, Nft nft)
{
    private (string Text, string Digest, IReadOnlyList<string> Links)? loaded;
    private (string Text, string Why)? refused;
    private Surroundings? last;

    /// <summary>What was found, and what could not be done.</summary>
    /// <param name="Around">What the chains were made for; null when it could not be looked up.</param>
    /// <param name="WhyNot">Why raw frames are not stopped, or not on every interface; null: they are.</param>
    /// <param name="Tampered">Somebody had taken away or changed what was loaded.</param>
    public sealed record Ensured(Surroundings? Around, string? WhyNot, bool Tampered);

    /// <summary>Every interface that is there now has its chains afterwards.</summary>
    public async Task<Ensured> EnsureAsync(IsolationRules rules, CancellationToken ct)
    {
        Surroundings? around = null;
        try
        {
            around = (await look.TakeAsync([.. rules.Hubs.Select(h => h.Address)], ct)).Remembering(last);
            last = around;
            var text = FrameRules.ToText(rules, around);
            var whyNot = around.NotGuarded.Count > 0 ? $"not on {string.Join(", ", around.NotGuarded)}" : null;
            if (refused is { } before && before.Text == text)
                return new(around, before.Why, false);
            var digest = await nft.DigestAsync(FrameRules.Family, ct);
            if (loaded is { } l && l.Text == text && l.Digest == digest)
                return new(around, whyNot, false);
            // The chains of an interface that goes are taken away by the kernel: that is nobody's doing.
            string[] links = [.. around.Guarded.Select(g => g.Name)];
            var tampered = loaded is { } was && was.Digest != digest && !was.Links.Except(links).Any();
            await LoadAsync(text, digest, links, ct);
            return new(around, refused?.Why ?? whyNot, tampered);
        }
        catch (Exception e) when (e is PlatformException or JsonException)
        {
            return new(around, e.Message, false);
        }
    }

    /// <summary>Takes them all away.</summary>
    public async Task RemoveAsync(CancellationToken ct)
    {
        (loaded, refused, last) = (null, null, null);
        if (!await nft.StandsAsync(FrameRules.Family, ct))
            return;
        var fault = await TryLoadAsync(FrameRules.Removal, ct);
        if (!await nft.StandsAsync(FrameRules.Family, ct))
            return;
        throw fault ?? new PlatformException("rules_remain", "nft deleted our chains at the interfaces, but the kernel still shows them");
    }

    private async Task LoadAsync(string text, string? stood, IReadOnlyList<string> links, CancellationToken ct)
    {
        var fault = await TryLoadAsync(text, ct);
        var digest = await nft.DigestAsync(FrameRules.Family, ct);
        // The same is not tried again in every look; other interfaces make another text.
        if (fault is not null && digest == stood)
            (loaded, refused) = (null, (text, fault.Message));
        else
            (loaded, refused) = (digest is null ? null : (text, digest, links), null);
    }

    /// <summary>What went wrong, or null. Whether it is done is asked of the kernel: a nft that was killed may have done its work before.</summary>
    private async Task<PlatformException?> TryLoadAsync(string text, CancellationToken ct)
    {
        try
        {
            await nft.LoadAsync(text, ct);
            return null;
        }
        catch (PlatformException e)
        {
            return e;
        }
    }
}
