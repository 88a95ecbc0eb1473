using System.Globalization;
using Voltaxe.Agent.Platform;

namespace Voltaxe.Agent.Tests.Platform.OtherSystems;

/// <summary>The pf of a Mac, off as it comes, with Apple's main ruleset and a rule of the owner's.</summary>
internal sealed class FakeMac : FakeSystem
{
    private const string Ours = "com.voltaxe";

    private readonly List<ulong> references = [];
    private ulong lastToken = 16213587263843573540;

    public string Main { get; set; } = "scrub-anchor \"com.apple/*\" all fragment reassemble\nanchor \"com.apple/*\" all\npass in quick proto tcp from any to any port = 22 flags S/SA keep state\n";
    public string Anchor { get; private set; } = "";
    public bool HasStates { get; private set; } = true;
    public int ProbesRefused { get; set; }

    public override string Snapshot() => $"{Main}--\n{Anchor}--\n{string.Join(' ', references)}";

    public override void Tamper() => Anchor = Anchor.Replace("block return quick all\n", "", StringComparison.Ordinal);

    /// <summary>Rules and references are in the kernel's memory only.</summary>
    public void Reboot()
    {
        Main = new FakeMac().Main;
        Anchor = "";
        ForgetReferences();
    }

    public void ForgetReferences() => references.Clear();

    protected override bool Changes(string program, string[] line) => line is not (["-s", _] or ["-a", _, "-s", _]);

    protected override Exec.Ran Run(string program, string[] line, string? input)
    {
        Assert.Equal("/sbin/pfctl", program);
        const string noise = "No ALTQ support in kernel\nALTQ related functions disabled";
        switch (line)
        {
            case ["-s", "rules"]:
                return Said(Main, noise);
            case ["-s", "info"]:
                return Said($"Status: {(references.Count > 0 ? "Enabled" : "Disabled")} for 0 days 00:00:01           Debug: Urgent\n", noise);
            case ["-s", "References"]:
                return Said("TOKENS:\nPID      Process Name                 TOKEN                    TIMESTAMP\n" +
                    string.Concat(references.Select(t => string.Create(CultureInfo.InvariantCulture, $"4242     pfctl                        {t}     0 days 00:00:07\n"))), noise);
            case ["-a", Ours, "-s", "rules"]:
                return Said(Anchor, noise);
            case ["-a", Ours, "-s", "labels"]:
                return Said(string.Create(CultureInfo.InvariantCulture, $"voltaxe-probe 9 {ProbesRefused} 180 0 0 {ProbesRefused} 180 \n"), noise);
            case ["-R", "-f", "-"]:
                Main = input!;
                return Said("", noise);
            case ["-a", Ours, "-f", "-"]:
                Anchor = input!;
                return Said("", noise);
            case ["-a", Ours, "-F", "rules"]:
                Anchor = "";
                return Said("", noise);
            case ["-F", "states"]:
                HasStates = false;
                return Said("", "states cleared");
            case ["-E"]:
                references.Add(++lastToken);
                return Said("", string.Create(CultureInfo.InvariantCulture, $"{noise}\npf enabled\nToken : {lastToken}"));
            case ["-X", var token]:
                return references.Remove(ulong.Parse(token, CultureInfo.InvariantCulture)) ? Said("", "disable request successful.") : Said("", "pfctl: pf not enabled", 1);
            default:
                throw NotKnown(program, line);
        }
    }
}
