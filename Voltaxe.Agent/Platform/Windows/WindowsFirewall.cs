using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Voltaxe.Agent.Configuration;
using Voltaxe.Agent.Platform.Rules;

namespace Voltaxe.Agent.Platform.Windows;

/// <summary>
/// Rules of our own in the Windows firewall: written with netsh, read from the registry, because what netsh prints is in the language of the
/// host. Besides them only the profiles' switches are touched: a profile that is off is turned on, and off again at the end.
/// </summary>
/// <param name="system">Where netsh and reg are.</param>
/// <param name="note">The file that says which profiles were off before. It is there for as long as anything of ours is.</param>
internal sealed partial class WindowsFirewall(IPrograms programs, string system, string note) : IFirewall
{
    private const string Policy = @"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy";

    /// <summary>Rules are replaced under the other name, so that no moment is without.</summary>
    private static readonly string[] Names = [BlockRules.Prefix + "a", BlockRules.Prefix + "b"];

    /// <summary>In the registry, and for netsh.</summary>
    private static readonly (string Key, string Name)[] Profiles = [("DomainProfile", "domainprofile"), ("StandardProfile", "privateprofile"), ("PublicProfile", "publicprofile")];

    /// <summary>What the note should say and the disk does not take; null: none should be there.</summary>
    private (IReadOnlyList<string>? Off, string WhyNotWritten)? carried;

    public async Task<string?> DigestAsync(CancellationToken ct)
    {
        var rules = await RulesAsync(ct);
        if (rules.Count == 0 && ReadNote() is null)
            return null;
        var all = string.Join('\n', [.. rules.Order(StringComparer.Ordinal), "off:", .. await OffAsync(ct)]);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(all)));
    }

    public async Task LoadAsync(Passage passage, CancellationToken ct)
    {
        var stood = await NamesAsync(ct);
        var isFirst = stood.Count == 0 && ReadNote() is null;
        var name = stood.Contains(Names[0]) ? Names[1] : Names[0];
        try
        {
            await TurnOnAsync(ct);
            // Both stand after a crash in the middle of this.
            if (stood.Contains(name))
                await DeleteAsync(name, ct);
            foreach (var rule in BlockRules.Of(passage, name))
                await NetshAsync(["firewall", "add", "rule", .. rule], ct);
            foreach (var old in stood.Where(n => n != name))
                await DeleteAsync(old, ct);
        }
        catch (Exception e) when (e is PlatformException or OperationCanceledException)
        {
            await PutBackAsync(isFirst, name, ExceptionDispatchInfo.Capture(e));
        }
    }

    public async Task RemoveAsync(CancellationToken ct)
    {
        foreach (var name in await NamesAsync(ct))
            await DeleteAsync(name, ct);
        foreach (var profile in ReadNote() ?? [])
            await NetshAsync(["set", profile, "state", "off"], ct);
        if ((await NamesAsync(ct)).Count > 0)
            throw new PlatformException("rules_remain", "netsh deleted our rules, but the registry still shows them");
        WriteNote(null);
    }

    public Task FinishAsync(Passage passage, bool fresh, JsonObject details, CancellationToken ct)
    {
        details["sessions_not_ended"] = "on Windows open connections are cut off by the rules, not ended";
        if (carried is { Off.Count: > 0 } c)
            details["not_written_down"] = c.WhyNotWritten;
        return Task.CompletedTask;
    }

    public Task<bool> TendAsync(Passage passage, CancellationToken ct) => Task.FromResult(false);

    /// <summary>Windows counts no packets for a rule.</summary>
    public Task<long?> RefusedAsync(CancellationToken ct) => Task.FromResult<long?>(null);

    private async Task TurnOnAsync(CancellationToken ct)
    {
        var off = await OffAsync(ct);
        if (ReadNote() is null)
            WriteNote(off);
        foreach (var profile in off)
            await NetshAsync(["set", profile, "state", "on"], ct);
    }

    /// <summary>Whoever has lost patience: half of an isolation is worse than none, or than the one before.</summary>
    private async Task PutBackAsync(bool isFirst, string name, ExceptionDispatchInfo why)
    {
        try
        {
            if (isFirst)
                await RemoveAsync(CancellationToken.None);
            else if ((await NamesAsync(CancellationToken.None)) is { Count: 2 } both && both.Contains(name))
                await DeleteAsync(name, CancellationToken.None);
        }
        catch (PlatformException e)
        {
            throw new PlatformException("rules_half_loaded", $"{why.SourceException.Message}; what was done until then could not be taken back: {e.Message}");
        }
        why.Throw();
    }

    private Task DeleteAsync(string name, CancellationToken ct) => NetshAsync(["firewall", "delete", "rule", $"name={name}"], ct);

    private async Task NetshAsync(IReadOnlyList<string> arguments, CancellationToken ct)
    {
        var ran = await programs.RunAsync(Path.Combine(system, "netsh.exe"), ["advfirewall", .. arguments], null, ct);
        if (ran.ExitCode != 0)
            throw new PlatformException("rules_refused", $"netsh advfirewall {string.Join(' ', arguments.Take(3))}: {FirstLine(ran.Error.Length > 0 ? ran.Error : ran.Output)}");
    }

    private async Task<IReadOnlyList<string>> NamesAsync(CancellationToken ct)
    {
        var rules = await RulesAsync(ct);
        return [.. Names.Where(name => rules.Any(rule => rule.Contains($"|Name={name}|", StringComparison.Ordinal)))];
    }

    /// <summary>Our rules as the registry has them, a line each.</summary>
    private async Task<IReadOnlyList<string>> RulesAsync(CancellationToken ct) =>
        [.. (await RegAsync([Policy + @"\FirewallRules", "/d", "/f", BlockRules.Prefix], ct)).Where(line => line.Contains("|Name=" + BlockRules.Prefix, StringComparison.Ordinal))];

    /// <summary>The profiles that are off, as netsh calls them.</summary>
    private async Task<IReadOnlyList<string>> OffAsync(CancellationToken ct)
    {
        var off = new List<string>();
        var profile = "";
        foreach (var line in await RegAsync([Policy, "/s", "/v", "EnableFirewall"], ct))
        {
            if (line.StartsWith("HKEY_", StringComparison.Ordinal))
                profile = Profiles.FirstOrDefault(p => line.EndsWith('\\' + p.Key, StringComparison.OrdinalIgnoreCase)).Name;
            else if (profile is { Length: > 0 } && TurnedOff().IsMatch(line))
                off.Add(profile);
        }
        return off;
    }

    /// <summary>Nothing found is exit code 1, too, but then nothing is said on the error stream.</summary>
    private async Task<IReadOnlyList<string>> RegAsync(IReadOnlyList<string> arguments, CancellationToken ct)
    {
        var ran = await programs.RunAsync(Path.Combine(system, "reg.exe"), ["query", .. arguments], null, ct);
        if (ran.ExitCode != 0 && ran.Error.Length > 0)
            throw new PlatformException("rules_unreadable", $"reg cannot read the firewall's policy: {FirstLine(ran.Error)}");
        return ran.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }

    private IReadOnlyList<string>? ReadNote()
    {
        if (carried is { } c)
            return c.Off;
        if (!File.Exists(note))
            return null;
        // Only what netsh is meant to get, whatever the file says.
        return [.. File.ReadAllLines(note).Where(line => Profiles.Any(p => p.Name == line))];
    }

    private void WriteNote(IReadOnlyList<string>? off)
    {
        try
        {
            if (off is null)
                File.Delete(note);
            else
                StateFolder.WriteDurably(note, string.Concat(off.Select(profile => profile + "\n")));
            carried = null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            carried = (off, e.Message);
        }
    }

    private static string FirstLine(string text) => text.Trim().Split('\n')[0].TrimEnd();

    [GeneratedRegex(@"^EnableFirewall\s+REG_DWORD\s+0x0$")]
    private static partial Regex TurnedOff();
}
