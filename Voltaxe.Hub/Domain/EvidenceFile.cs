using Voltaxe.Contracts.Commands;

namespace Voltaxe.Hub.Domain;

/// <summary>
/// A file that an agent sends for one of its collections. <see cref="Received"/> is a promise: so many bytes lie on the disk, and the agent
/// may forget them.
/// </summary>
public sealed class EvidenceFile
{
    /// <summary>Made by the hub, and all that the file in the vault is called by.</summary>
    public required string Id { get; init; }
    public long CommandId { get; init; }
    public Guid CommandUid { get; init; }
    public required string AgentId { get; init; }
    public required string Hostname { get; init; }

    // What the agent announced.
    public required string Name { get; init; }
    public required string Kind { get; init; }
    public long Size { get; init; }
    public required string Sha256 { get; init; }

    public long Received { get; private set; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset UpdatedAt { get; set; }
    public DateTimeOffset? CompletedAt { get; private set; }
    /// <summary>The agent began another file of this name after this one was complete.</summary>
    public DateTimeOffset? ReplacedAt { get; private set; }

    public bool IsComplete => CompletedAt is not null;

    /// <summary>Evidence is sent before the result: while the command is handed out, or nobody can say what became of it.</summary>
    public static bool IsTakenFor(Command command) =>
        command.Name == CommandNames.CollectForensics && command.Status is CommandStatus.Delivered or CommandStatus.Unknown;

    public bool IsSame(long size, string sha256) => Size == size && Sha256 == sha256;

    /// <summary>So many bytes are on the disk. With the last of them it is complete, so they must have been checked.</summary>
    public void Promise(long received, DateTimeOffset now)
    {
        if (IsComplete || received < Received || received > Size)
            throw new InvalidOperationException($"evidence {Id} holds {Received} of {Size} bytes and cannot hold {received}");
        (Received, UpdatedAt) = (received, now);
        if (received == Size)
            CompletedAt = now;
    }

    /// <summary>The bytes were not what was announced, or the disk lost some: it goes on from where they are right.</summary>
    public void FallBackTo(long received, DateTimeOffset now)
    {
        if (IsComplete || received < 0 || received > Received)
            throw new InvalidOperationException($"evidence {Id} holds {Received} of {Size} bytes and cannot fall back to {received}");
        (Received, UpdatedAt) = (received, now);
    }

    public void Replace(DateTimeOffset now)
    {
        if (!IsComplete || ReplacedAt is not null)
            throw new InvalidOperationException($"evidence {Id} is not complete, or was replaced before");
        ReplacedAt = now;
    }
}
