using Voltaxe.Contracts.Commands;
using Voltaxe.Dashboard.Model.Looks;
using Voltaxe.Dashboard.Model.Texts;

namespace Voltaxe.Dashboard.Model.Ordering;

/// <summary>What an operator can ask of a host.</summary>
public enum ActionKind { Isolate, Restore, Kill, Collect }

/// <summary>The words of an action: its button, what it does, what it leaves alone.</summary>
/// <param name="Command">Its name on the wire.</param>
/// <param name="Verb">For buttons and titles.</param>
/// <param name="Consequence">What happens to the host, said before anybody confirms.</param>
/// <param name="Stays">What goes on working.</param>
public sealed record ActionWords(ActionKind Kind, string Command, string Verb, Glyph Glyph, string Consequence, string Stays)
{
    /// <summary>"isolate-button": what tests and scripts hold on to.</summary>
    public string TestId => Kind switch
    {
        ActionKind.Isolate => "isolate-button",
        ActionKind.Restore => "restore-button",
        ActionKind.Kill => "kill-button",
        _ => "collect-button",
    };

    /// <summary>Stops work on the host, so its button is not the calm colour.</summary>
    public bool Cuts => Kind is ActionKind.Isolate or ActionKind.Kill;

    public static ActionWords Of(ActionKind kind) => All[(int)kind];

    public static IReadOnlyList<ActionWords> All { get; } =
    [
        new(ActionKind.Isolate, CommandNames.NetworkIsolate, "Isolate", Glyph.ShieldLock,
            "Cuts the host off the network. Its open connections end and do not come back.",
            "The agent's way to the hub, loopback, DHCP and neighbour discovery. No DNS."),
        new(ActionKind.Restore, CommandNames.NetworkRestore, "Restore", Glyph.Shield,
            "Takes the isolation away: the host can reach the network, and be reached, again.",
            "The host's own firewall rules, as they were."),
        new(ActionKind.Kill, CommandNames.KillProcess, "Kill process", Glyph.Skull,
            "Ends one process for good: first asked, then forced. What it had not saved is lost.",
            "Everything else on the host. A process that took over the pid since is left alone."),
        new(ActionKind.Collect, CommandNames.CollectForensics, "Collect evidence", Glyph.Box,
            "Reads what is chosen below and sends it to the hub. Changes nothing on the host.",
            "Everything. It runs at low priority."),
    ];

    /// <summary>A command's name as people say it; one that is not known stays as it came, made safe.</summary>
    public static string Say(string command) =>
        All.FirstOrDefault(w => w.Command == command)?.Verb ?? SafeText.Line(command, 40);
}
