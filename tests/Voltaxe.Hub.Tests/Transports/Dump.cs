using System.Globalization;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Voltaxe.Hub.Persistence;

namespace Voltaxe.Hub.Tests.Transports;

/// <summary>Every row of every table as text, the audit trail apart: what a refused request must leave as it was.</summary>
internal static class Dump
{
    public static async Task<string> OfAsync(RunningHub hub)
    {
        await using var db = hub.Get<HubDbFactory>().Create();
        await db.Database.OpenConnectionAsync();
        var text = new StringBuilder();
        foreach (var table in db.Model.GetEntityTypes().Select(t => t.GetTableName()).OfType<string>().Where(t => t != "audit").Distinct().Order(StringComparer.Ordinal))
        {
            await using var command = db.Database.GetDbConnection().CreateCommand();
            command.CommandText = $"SELECT * FROM \"{table}\" ORDER BY 1, 2";
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
                text.Append(table).Append(": ").AppendJoin(" | ", Enumerable.Range(0, reader.FieldCount).Select(i => Convert.ToString(reader.GetValue(i), CultureInfo.InvariantCulture))).Append('\n');
        }
        return text.ToString();
    }
}
