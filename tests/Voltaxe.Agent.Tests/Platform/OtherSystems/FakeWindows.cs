using System.Globalization;
using System.Text.RegularExpressions;
using Voltaxe.Agent.Platform;

namespace Voltaxe.Agent.Tests.Platform.OtherSystems;

/// <summary>The firewall of a Windows host: rules in the registry, three profiles, one of them off; netsh speaks German here.</summary>
internal sealed partial class FakeWindows : FakeSystem
{
    private const string Policy = @"SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy";

    private readonly List<string> rules =
    [
        "v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=3389|App=System|Name=@FirewallAPI.dll,-28775|",
        "v2.31|Action=Allow|Active=TRUE|Dir=Out|Protocol=17|Name=Voltaxe-isolation of somebody else|",
    ];

    private int made;

    public Dictionary<string, bool> Profiles { get; } = new() { ["domainprofile"] = true, ["privateprofile"] = true, ["publicprofile"] = false };

    public override string Snapshot() => string.Join('\n', [.. rules.Order(StringComparer.Ordinal), .. Profiles.Select(p => $"{p.Key} {p.Value}")]);

    public override void Tamper() => rules.RemoveAt(rules.FindIndex(r => r.Contains("|Name=Voltaxe-isolation-", StringComparison.Ordinal)));

    protected override bool Changes(string program, string[] line) => line[0] != "query";

    protected override Exec.Ran Run(string program, string[] line, string? input) => (Path.GetFileName(program), line) switch
    {
        ("netsh.exe", ["advfirewall", "firewall", "add", "rule", .. var parts]) => Add(parts),
        ("netsh.exe", ["advfirewall", "firewall", "delete", "rule", var name]) => rules.RemoveAll(r => r.Contains($"|Name={name["name=".Length..]}|", StringComparison.Ordinal)) > 0
            ? Said("OK.")
            : Said("Es stimmen keine Regeln mit den angegebenen Kriterien überein.", exitCode: 1),
        ("netsh.exe", ["advfirewall", "set", var profile, "state", var state]) when Profiles.ContainsKey(profile) => Turn(profile, state == "on"),
        ("reg.exe", ["query", @"HKLM\" + Policy, "/s", "/v", "EnableFirewall"]) => Said(string.Concat(Profiles.Select(p => string.Create(CultureInfo.InvariantCulture,
            $"\r\nHKEY_LOCAL_MACHINE\\{Policy}\\{KeyOf(p.Key)}\r\n    EnableFirewall    REG_DWORD    0x{(p.Value ? 1 : 0)}\r\n"))) + "\r\nEnde der Suche: 3 Übereinstimmung(en) gefunden.\r\n"),
        ("reg.exe", ["query", @"HKLM\" + Policy + @"\FirewallRules", "/d", "/f", var text]) => Find(text),
        _ => throw NotKnown(program, line),
    };

    private Exec.Ran Add(string[] parts)
    {
        Assert.All(parts, part => Assert.Matches(Part(), part));
        var name = parts.Single(p => p.StartsWith("name=", StringComparison.Ordinal))["name=".Length..];
        rules.Add($"v2.31|Action=Block|Active=TRUE|{string.Join('|', parts.Where(p => !p.StartsWith("name=", StringComparison.Ordinal)))}|Id={++made}|Name={name}|");
        return Said("OK.");
    }

    private Exec.Ran Turn(string profile, bool on)
    {
        Profiles[profile] = on;
        return Said("OK.");
    }

    private Exec.Ran Find(string text)
    {
        var found = rules.Where(r => r.Contains(text, StringComparison.OrdinalIgnoreCase)).ToList();
        return Said($"\r\nHKEY_LOCAL_MACHINE\\{Policy}\\FirewallRules\r\n{string.Concat(found.Select(r => $"    {{{Guid.Empty}}}    REG_SZ    {r}\r\n"))}\r\nEnde der Suche: {found.Count}\r\n", exitCode: found.Count > 0 ? 0 : 1);
    }

    private static string KeyOf(string profile) => profile switch { "domainprofile" => "DomainProfile", "privateprofile" => "StandardProfile", _ => "PublicProfile" };

    /// <summary>What netsh is to get: nothing that could be more than one argument, or another.</summary>
    [GeneratedRegex(@"^(name=Voltaxe-isolation-[ab]|dir=(in|out)|action=block|enable=yes|profile=any|protocol=(TCP|UDP|icmpv4|icmpv6|\d{1,3})|remoteip=[0-9a-f.:,-]+|(remote|local)port=[0-9,-]+)\z")]
    private static partial Regex Part();
}
