using Voltaxe.Contracts.Operators;
using Voltaxe.Hub.Domain;

namespace Voltaxe.Hub.Evidence;

/// <summary>Evidence and progress as operators see them.</summary>
public static class EvidenceViews
{
    public static EvidenceView Of(EvidenceFile e) => new()
    {
        Id = e.Id,
        CommandId = e.CommandId,
        CommandUid = e.CommandUid,
        AgentId = e.AgentId,
        Host = e.Hostname,
        Name = e.Name,
        Kind = e.Kind,
        Size = e.Size,
        Received = e.Received,
        Sha256 = e.Sha256,
        Complete = e.IsComplete,
        CreatedAt = e.CreatedAt,
        UpdatedAt = e.UpdatedAt,
        CompletedAt = e.CompletedAt,
        ReplacedAt = e.ReplacedAt,
    };

    public static ProgressView Of(CommandProgress p) => new(p.CommandId, p.Percent, p.Item, p.Stage, p.At);
}
