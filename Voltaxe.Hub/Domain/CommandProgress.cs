using Voltaxe.Contracts.Operators;

namespace Voltaxe.Hub.Domain;

/// <summary>The latest word of a running command on how far it is. For eyes only; nothing is decided by it, and it goes when the command has ended.</summary>
public sealed class CommandProgress
{
    public long CommandId { get; init; }
    public int Percent { get; set; }
    /// <summary>The agent's word.</summary>
    public string? Item { get; set; }
    public ProgressStage? Stage { get; set; }
    public DateTimeOffset At { get; set; }
}
