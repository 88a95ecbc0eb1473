using System.Text.Json;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Operators;
using Voltaxe.Hub.Domain;

namespace Voltaxe.Hub.Commands;

/// <summary>A command as operators see it.</summary>
public static class CommandViews
{
    public static CommandView Of(Command c) => new()
    {
        Id = c.Id,
        Uid = c.Uid,
        Host = c.Hostname,
        AgentId = c.AgentId,
        Command = c.Name,
        Params = JsonElement.Parse(c.Params),
        Reason = c.Reason,
        Ticket = c.Ticket,
        Status = c.Status,
        Priority = c.Priority,
        Attempt = c.Attempt,
        Channel = c.Channel,
        CreatedBy = c.CreatedBy,
        ApprovedBy = c.ApprovedBy,
        BatchId = c.BatchId,
        SupersededBy = c.Status == CommandStatus.Superseded ? c.OvertakenBy : null,
        UnknownWhy = c.UnknownWhy,
        NotBefore = c.NotBefore,
        ExpiresAt = c.ExpiresAt,
        CreatedAt = c.CreatedAt,
        ApprovedAt = c.ApprovedAt,
        DeliveredAt = c.DeliveredAt,
        ReceivedAt = c.ReceivedAt,
        StartedAt = c.StartedAt,
        ExecutedAt = c.ExecutedAt,
        VerifiedAt = c.VerifiedAt,
        FinishedAt = c.FinishedAt,
        CancelRequestedAt = c.CancelRequestedAt,
        Result = c.Result is null ? null : JsonSerializer.Deserialize(c.Result, WireJson.Default.CommandResultView),
    };
}
