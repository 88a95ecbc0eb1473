namespace Voltaxe.Agent.Platform;

/// <summary>What no platform of this version does.</summary>
internal static class IsolationLimits
{
    public const string NoDuration = "this agent does not end an isolation by itself (duration_seconds): isolate without it, and restore";
}
