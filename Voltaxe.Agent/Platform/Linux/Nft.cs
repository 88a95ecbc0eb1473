using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Voltaxe.Agent.Platform.Linux;

/// <summary>The nft program: loads our table whole, takes it away, and reads it back.</summary>
public sealed class Nft(Exec exec, string path)
{
    /// <summary>Loads in one transaction: all of it, or nothing.</summary>
    public async Task LoadAsync(string rules, CancellationToken ct)
    {
        var ran = await exec.RunAsync(path, ["-f", "-"], rules, ct);
        if (ran.ExitCode != 0)
            throw new PlatformException("rules_refused", $"nft took none of the rules: {FirstLine(ran.Error)}");
    }

    /// <summary>A digest of our table as the kernel has it, without counters and handles; null when it is not there.</summary>
    public Task<string?> DigestAsync(CancellationToken ct) => DigestAsync(IsolationRules.Family, ct);

    /// <summary>The same of our table in another family.</summary>
    public async Task<string?> DigestAsync(string family, CancellationToken ct)
    {
        var ran = await exec.RunAsync(path, ["-j", "list", "table", family, IsolationRules.Table], null, ct);
        try
        {
            if (ran.ExitCode == 0)
                return Digest(ran.Output);
        }
        catch (JsonException e)
        {
            throw new PlatformException("rules_unreadable", $"nft lists our table as something that is not JSON: {e.Message}");
        }
        if (ran.Error.Contains("No such file or directory", StringComparison.Ordinal))
            return null;
        throw new PlatformException("rules_unreadable", $"nft cannot list our table: {FirstLine(ran.Error)}");
    }

    /// <summary>Whether our table of this family is there. A kernel that does not know the family has none.</summary>
    /// <remarks>Does not list its rules: an nft that cannot show one of them must not make the table look gone.</remarks>
    public async Task<bool> StandsAsync(string family, CancellationToken ct)
    {
        var ran = await exec.RunAsync(path, ["list", "tables", family], null, ct);
        return ran.ExitCode == 0 && ran.Output.Split('\n').Any(line => line.Trim() == $"table {family} {IsolationRules.Table}");
    }

    /// <summary>What the sets of directly attached networks hold, in order; null when the table is not there, or is an older version's without them.</summary>
    public async Task<IReadOnlyList<string>?> OnLinkAsync(CancellationToken ct)
    {
        var ran = await exec.RunAsync(path, ["-j", "list", "table", IsolationRules.Family, IsolationRules.Table], null, ct);
        if (ran.ExitCode != 0)
            return null;
        try
        {
            var sets = JsonNode.Parse(ran.Output)!["nftables"]!.AsArray().Select(item => item?["set"]).OfType<JsonObject>().Where(IsOnLink).ToList();
            return sets.Count == 0 ? null : [.. sets.SelectMany(set => set["elem"]?.AsArray() ?? []).Select(Element).Order(StringComparer.Ordinal)];
        }
        catch (JsonException e)
        {
            throw new PlatformException("rules_unreadable", $"nft lists our table as something that is not JSON: {e.Message}");
        }
    }

    /// <summary>How often the agent's own attempts to break out were refused.</summary>
    public async Task<long> RefusedAsync(CancellationToken ct)
    {
        var ran = await exec.RunAsync(path, ["-j", "list", "chain", IsolationRules.Family, IsolationRules.Table, "output"], null, ct);
        if (ran.ExitCode != 0)
            throw new PlatformException("rules_unreadable", $"nft cannot list our rules: {FirstLine(ran.Error)}");
        try
        {
            return JsonNode.Parse(ran.Output)!["nftables"]!.AsArray()
                .Select(item => item?["rule"])
                .Where(rule => rule?["comment"]?.GetValue<string>() == IsolationRules.Probe)
                .SelectMany(rule => rule!["expr"]!.AsArray())
                .Sum(part => part?["counter"]?["packets"]?.GetValue<long>() ?? 0);
        }
        catch (JsonException e)
        {
            throw new PlatformException("rules_unreadable", $"nft lists our rules as something that is not JSON: {e.Message}");
        }
    }

    /// <summary>Whether nft may be used at all; the reason if not.</summary>
    public async Task<string?> WhyNotAsync(CancellationToken ct)
    {
        var ran = await exec.RunAsync(path, ["-c", "-f", "-"], new IsolationRules([], [], 0).ToText([]), ct);
        return ran.ExitCode == 0 ? null : $"nft cannot load such rules here: {FirstLine(ran.Error)}";
    }

    internal static string Digest(string json)
    {
        var root = JsonNode.Parse(json)!;
        Strip(root);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(root.ToJsonString())));
    }

    /// <summary>Takes out what changes without anybody changing the rules.</summary>
    private static void Strip(JsonNode node)
    {
        switch (node)
        {
            case JsonObject obj:
                obj.Remove("handle");
                obj.Remove("metainfo");
                if (IsOnLink(obj))
                    obj.Remove("elem");
                if (obj["counter"] is JsonObject)
                    obj["counter"] = null;
                foreach (var child in obj.Select(p => p.Value).OfType<JsonNode>().ToList())
                    Strip(child);
                break;
            case JsonArray array:
                foreach (var child in array.OfType<JsonNode>())
                    Strip(child);
                break;
        }
    }

    /// <summary>A set of the table `inet voltaxe` that follows the host's routes: what is in it is looked after apart.</summary>
    private static bool IsOnLink(JsonObject set) =>
        set["family"]?.GetValueKind() == JsonValueKind.String && set["family"]!.GetValue<string>() == IsolationRules.Family
        && set["name"]?.GetValueKind() == JsonValueKind.String && set["name"]!.GetValue<string>() is LinkTraffic.OnLink4 or LinkTraffic.OnLink6;

    private static string Element(JsonNode? element) => element switch
    {
        JsonObject prefix when prefix["prefix"] is JsonObject p => $"{p["addr"]}/{p["len"]}",
        JsonValue value => value.ToString(),
        _ => element?.ToJsonString() ?? "",
    };

    private static string FirstLine(string text) => text.Split('\n')[0];
}
