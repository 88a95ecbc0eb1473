namespace Voltaxe.Contracts.Commands;

/// <summary>The four commands of the protocol, as their words on the wire.</summary>
public static class CommandNames
{
    public const string NetworkIsolate = "network_isolate";
    public const string NetworkRestore = "network_restore";
    public const string KillProcess = "kill_process";
    public const string CollectForensics = "collect_forensics";

    public static IReadOnlyList<string> All { get; } = [NetworkIsolate, NetworkRestore, KillProcess, CollectForensics];

    /// <summary>Isolate and restore: the commands whose order of intent decides how a host ends up.</summary>
    public static bool IsNetwork(string command) => command is NetworkIsolate or NetworkRestore;

    public static Lane LaneOf(string command) => command switch
    {
        NetworkIsolate or NetworkRestore => Lane.Network,
        KillProcess => Lane.Process,
        CollectForensics => Lane.Collect,
        _ => throw new ArgumentOutOfRangeException(nameof(command), command, "not a command of the protocol"),
    };
}

/// <summary>What runs one at a time on a host. A long collection never delays an isolation.</summary>
public enum Lane { Network, Process, Collect }
