using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Operators;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Domain;
using Voltaxe.Hub.Persistence;

namespace Voltaxe.Hub.Delivery;

/// <summary>
/// What agents say of how far a running command is. Only the latest word counts, it decides nothing, and what cannot be understood is acknowledged
/// and left out: nobody needs it twice.
/// </summary>
public static class ProgressReports
{
    public const string Kind = "progress";
    private const int MaxItem = 64;

    public static async Task TakeAsync(HubWrite write, IReadOnlyCollection<Command> open, IReadOnlyList<AgentEvent> events, CancellationToken ct)
    {
        foreach (var (uid, told) in events.Where(e => e is { Kind: Kind, Uid: not null }).GroupBy(e => e.Uid!.Value).Select(g => (g.Key, g.Last())))
        {
            if (open.FirstOrDefault(c => c.Uid == uid && c.Status == CommandStatus.Delivered) is not { } command || Read(told.Data) is not { } said)
                continue;
            var row = await write.Db.Progress.SingleOrDefaultAsync(p => p.CommandId == command.Id, ct);
            if (row is null)
                write.Db.Progress.Add(row = new CommandProgress { CommandId = command.Id });
            (row.Percent, row.Item, row.Stage, row.At) = (said.Percent, said.Item, said.Stage, write.Now);
        }
    }

    /// <summary><c>{"percent":0..100,"item":"processes","stage":"collecting"}</c>; without a percent it says nothing.</summary>
    private static (int Percent, string? Item, ProgressStage? Stage)? Read(JsonElement? data)
    {
        if (data is not { ValueKind: JsonValueKind.Object } told || !told.TryGetProperty("percent", out var number)
            || number.ValueKind != JsonValueKind.Number || !number.TryGetDouble(out var percent) || percent is not (>= 0 and <= 100))
            return null;
        var item = Text(told, "item") is { Length: > 0 and <= MaxItem } name && !name.Any(char.IsControl) ? name : null;
        return ((int)percent, item, Words.TryParse<ProgressStage>(Text(told, "stage"), out var stage) ? stage : null);
    }

    private static string? Text(JsonElement told, string name) =>
        told.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
