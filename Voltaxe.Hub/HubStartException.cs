namespace Voltaxe.Hub;

/// <summary>What kept the hub, or one of its command lines, from starting.</summary>
public enum StartFault
{
    /// <summary>Something is broken or full.</summary>
    Failed,
    /// <summary>It could go on, and must not.</summary>
    Refused,
    /// <summary>The database server does not answer.</summary>
    Unreachable,
}

/// <summary>Why the hub does not start: one line, for the person who starts it.</summary>
public sealed class HubStartException(StartFault fault, string line, Exception? inner = null) : Exception(line.ReplaceLineEndings(" "), inner)
{
    public StartFault Fault => fault;
}
