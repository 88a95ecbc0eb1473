using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Voltaxe.Agent.Configuration;
using Voltaxe.Agent.Platform.Rules;

namespace Voltaxe.Agent.Platform.MacOS;

/// <summary>
/// A pf anchor of our own. pf has to know it: the main ruleset's filter rules are loaded again as they stand, with one line more, and at
/// the end as they stand then, without it. pf is held on by a reference of our own, so that whoever else uses it is not disturbed.
/// </summary>
/// <param name="note">The file that keeps the token of that reference.</param>
internal sealed partial class PfFirewall(IPrograms programs, string pfctl, string note) : IFirewall
{
    /// <summary>What the note should say and the disk does not take; empty: nothing. Known until the agent ends: a reference that is left keeps pf on, with the rules that the host had before.</summary>
    private string? carried;

    public async Task<string?> DigestAsync(CancellationToken ct)
    {
        var main = await MainAsync(ct);
        var ours = await OursAsync(ct);
        if (ours.Length == 0 && !PfRules.IsNamed(main))
            return null;
        var status = (await RunAsync(["-s", "info"], null, ct)).Contains("Status: Enabled", StringComparison.Ordinal) ? "on" : "off";
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{status}\n{(PfRules.IsFirst(main) ? "first" : "not first")}\n{ours}")));
    }

    public async Task LoadAsync(Passage passage, CancellationToken ct)
    {
        var stood = await DigestAsync(ct) is not null;
        try
        {
            var main = await MainAsync(ct);
            if (!PfRules.IsFirst(main))
                await RunAsync(["-R", "-f", "-"], PfRules.With(main), ct);
            await TurnOnAsync(ct);
            // Last, because it is the one step that cuts anything off, and pf takes it whole or not at all.
            await RunAsync(["-a", PfRules.Anchor, "-f", "-"], PfRules.ToText(passage), ct);
        }
        catch (Exception e) when (!stood && e is PlatformException or OperationCanceledException)
        {
            try
            {
                await RemoveAsync(CancellationToken.None);
            }
            catch (PlatformException left)
            {
                throw new PlatformException("rules_half_loaded", $"{e.Message}; what was done until then could not be taken back: {left.Message}");
            }
            throw;
        }
    }

    public async Task RemoveAsync(CancellationToken ct)
    {
        if (await OursAsync(ct) is { Length: > 0 })
            await RunAsync(["-a", PfRules.Anchor, "-F", "rules"], null, ct);
        var main = await MainAsync(ct);
        if (PfRules.IsNamed(main))
            await RunAsync(["-R", "-f", "-"], PfRules.Without(main), ct);
        if (await DigestAsync(ct) is not null)
            throw new PlatformException("rules_remain", "pfctl took our anchor away, but pf still shows it");
        if (ReadToken() is { } token && await HoldsAsync(token, ct))
            await RunAsync(["-X", token], null, ct);
        WriteToken("");
    }

    public async Task FinishAsync(Passage passage, bool fresh, JsonObject details, CancellationToken ct)
    {
        var left = "macOS ends connections when something is sent on them; silent ones live on";
        try
        {
            // What pf remembers of older connections would pass in spite of the rules.
            await RunAsync(["-F", "states"], null, ct);
        }
        catch (PlatformException e)
        {
            left = e.Message;
        }
        details["sessions_not_ended"] = left;
    }

    public Task<bool> TendAsync(Passage passage, CancellationToken ct) => Task.FromResult(false);

    public async Task<long?> RefusedAsync(CancellationToken ct) => PfRules.Refused(await RunAsync(["-a", PfRules.Anchor, "-s", "labels"], null, ct));

    private async Task TurnOnAsync(CancellationToken ct)
    {
        if (ReadToken() is { } held && await HoldsAsync(held, ct))
            return;
        var ran = await programs.RunAsync(pfctl, ["-E"], null, ct);
        if (ran.ExitCode != 0 || Token().Match($"{ran.Output}\n{ran.Error}") is not { Success: true } told)
            throw new PlatformException("rules_refused", $"pfctl -E turned nothing on, or gave no token: {FirstLine(ran.Error)}");
        WriteToken(told.Groups[1].Value);
    }

    private void WriteToken(string token)
    {
        try
        {
            if (token.Length == 0)
                File.Delete(note);
            else
                StateFolder.WriteDurably(note, token);
            carried = null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            carried = token;
        }
    }

    /// <summary>A restart of the machine ends all references: a token may be an old one.</summary>
    private async Task<bool> HoldsAsync(string token, CancellationToken ct) =>
        Regex.IsMatch(await RunAsync(["-s", "References"], null, ct), $@"(?<!\d){token}(?!\d)");

    private string? ReadToken()
    {
        var text = carried ?? (File.Exists(note) ? File.ReadAllText(note).Trim() : "");
        return text.Length > 0 && text.All(char.IsAsciiDigit) ? text : null;
    }

    private Task<string> MainAsync(CancellationToken ct) => RunAsync(["-s", "rules"], null, ct);

    /// <summary>An anchor that does not exist is an error to some versions of pfctl, and an empty answer to others.</summary>
    private async Task<string> OursAsync(CancellationToken ct) => (await programs.RunAsync(pfctl, ["-a", PfRules.Anchor, "-s", "rules"], null, ct)).Output.Trim();

    /// <summary>What it prints. It warns of much on the error stream; only its exit code counts.</summary>
    private async Task<string> RunAsync(string[] arguments, string? input, CancellationToken ct)
    {
        var ran = await programs.RunAsync(pfctl, arguments, input, ct);
        return ran.ExitCode == 0 ? ran.Output : throw new PlatformException("rules_refused", $"pfctl {string.Join(' ', arguments)}: {FirstLine(ran.Error)}");
    }

    private static string FirstLine(string text) => text.Split('\n')[0];

    [GeneratedRegex(@"Token\s*:\s*(\d+)")]
    private static partial Regex Token();
}
