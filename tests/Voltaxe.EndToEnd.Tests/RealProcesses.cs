namespace Voltaxe.EndToEnd.Tests;

/// <summary>
/// Tests with real processes, networks and timing run one after the other: the machine may have two cores. Those that only wait for
/// states, and long, are not in it: they run beside each other before.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class RealProcesses
{
    public const string Name = "real processes";
}
