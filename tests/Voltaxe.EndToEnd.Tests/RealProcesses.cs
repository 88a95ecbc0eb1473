namespace Voltaxe.EndToEnd.Tests;

/// <summary>Tests with real processes, networks and timing run one after the other: the machine may have two cores.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class RealProcesses
{
    public const string Name = "real processes";
}
