using System.Text.Json;
using System.Text.Json.Nodes;

namespace Voltaxe.Agent.Platform.Linux;

/// <summary>
/// Stops frames that programs write to an interface themselves (AF_PACKET), which pass no output chain: a table `netdev voltaxe` with an
/// egress chain for every interface. Not every kernel has it; an isolation does without, and says so.
/// </summary>
/// <param name="ip">Where the program ip is, or null.</param>
public sealed class EgressChains(Exec exec, Nft nft, string? ip)
{
    private (string Text, string Digest)? loaded;
    private (string Text, string Why)? refused;

    /// <summary>What was found, and what could not be done.</summary>
    /// <param name="WhyNot">Why raw frames are not stopped, or not on every interface; null: they are.</param>
    /// <param name="Tampered">Somebody had taken away or changed what was loaded.</param>
    public sealed record Ensured(string? WhyNot, bool Tampered);

    /// <summary>Every interface that is there now has its chain afterwards.</summary>
    public async Task<Ensured> EnsureAsync(IsolationRules rules, CancellationToken ct)
    {
        try
        {
            if (ip is null)
                return new("the program ip is not on this host", false);
            var (names, left) = await InterfacesAsync(ct);
            var text = rules.ToEgressText(names);
            var whyNot = left.Count > 0 ? $"not on {string.Join(", ", left)}" : null;
            if (refused is { } before && before.Text == text)
                return new(before.Why, false);
            var digest = await nft.DigestAsync(IsolationRules.EgressFamily, ct);
            if (loaded is { } l && l.Text == text && l.Digest == digest)
                return new(whyNot, false);
            var tampered = loaded is { } was && was.Text == text;
            await LoadAsync(text, digest, ct);
            return new(refused?.Why ?? whyNot, tampered);
        }
        catch (Exception e) when (e is PlatformException or JsonException)
        {
            return new(e.Message, false);
        }
    }

    /// <summary>Takes them all away.</summary>
    public async Task RemoveAsync(CancellationToken ct)
    {
        (loaded, refused) = (null, null);
        if (!await nft.StandsAsync(IsolationRules.EgressFamily, ct))
            return;
        var fault = await TryLoadAsync(IsolationRules.EgressRemoval, ct);
        if (!await nft.StandsAsync(IsolationRules.EgressFamily, ct))
            return;
        throw fault ?? new PlatformException("rules_remain", "nft deleted our egress chains, but the kernel still shows them");
    }

    private async Task LoadAsync(string text, string? stood, CancellationToken ct)
    {
        var fault = await TryLoadAsync(text, ct);
        var digest = await nft.DigestAsync(IsolationRules.EgressFamily, ct);
        // The same is not tried again in every look; other interfaces make another text.
        if (fault is not null && digest == stood)
            (loaded, refused) = (null, (text, fault.Message));
        else
            (loaded, refused) = (digest is null ? null : (text, digest), null);
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

    /// <summary>Interfaces to guard; and those left alone, because what passes there is wrapped and could not be told apart from the hub's.</summary>
    private async Task<(IReadOnlyList<string> Names, IReadOnlyList<string> Left)> InterfacesAsync(CancellationToken ct)
    {
        var ran = await exec.RunAsync(ip!, ["-j", "-d", "link", "show"], null, ct);
        if (ran.ExitCode != 0)
            throw new PlatformException("not_available", $"ip cannot list interfaces: {ran.Error}");
        return Choose(JsonNode.Parse(ran.Output)!.AsArray());
    }

    internal static (IReadOnlyList<string> Names, IReadOnlyList<string> Left) Choose(JsonArray links)
    {
        var wrapped = links.Where(l => l?["linkinfo"]?["info_kind"]?.GetValue<string>() is "vlan" or "macsec").Select(l => l?["link"]?.GetValue<string>()).ToHashSet();
        var all = links.Where(l => l?["ifname"] is not null && l["link_type"]?.GetValue<string>() != "loopback").Select(l => l!["ifname"]!.GetValue<string>()).Order(StringComparer.Ordinal).ToList();
        var left = all.Where(name => wrapped.Contains(name) || !name.All(c => char.IsAsciiLetterOrDigit(c) || "._-@".Contains(c, StringComparison.Ordinal))).ToList();
        return ([.. all.Except(left)], left);
    }
}
