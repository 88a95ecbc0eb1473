using System.Data.Common;
using Microsoft.EntityFrameworkCore;

namespace Voltaxe.Hub.Persistence.Rows;

/// <summary>
/// A connection's statements. Where the connection is kept, so are they, prepared; else each is made for one use, and what prepares is the
/// driver. Not thread-safe, as the connection is not.
/// </summary>
internal sealed class Statements(DbConnection connection, bool keep) : IDisposable
{
    /// <summary>More kinds than the hub has; a program that makes up texts without end must not fill the memory with them.</summary>
    private const int MostKept = 200;

    private readonly Dictionary<string, DbCommand> kept = [];

    public IReadOnlyCollection<string> Texts => kept.Keys;

    /// <param name="transaction">The open one.</param>
    /// <param name="text">Asks for <c>@wanted</c>.</param>
    /// <param name="wanted">Its value, of the driver's own kind.</param>
    /// <param name="read">One row.</param>
    /// <param name="ct">Ends the wait.</param>
    public async Task<List<T>> QueryAsync<T>(DbTransaction transaction, string text, object wanted, Func<DbDataReader, T> read, CancellationToken ct)
    {
        var (command, isKept) = Command(transaction, text);
        try
        {
            if (command.Parameters.Count == 0)
            {
                var parameter = command.CreateParameter();
                parameter.ParameterName = "@wanted";
                command.Parameters.Add(parameter);
            }
            command.Parameters[0].Value = wanted;
            var rows = new List<T>();
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
                rows.Add(read(reader));
            return rows;
        }
        finally
        {
            if (!isKept)
                await command.DisposeAsync();
        }
    }

    /// <summary>Writes the rows, in one round trip where the driver knows how.</summary>
    /// <exception cref="DbUpdateConcurrencyException">One of them is not what it was.</exception>
    public async Task WriteAsync(DbTransaction transaction, IReadOnlyList<RowUpdate> updates, CancellationToken ct)
    {
        if (updates.Count == 0)
            return;
        if (connection.CanCreateBatch)
        {
            await WriteBatchAsync(transaction, updates, ct);
            return;
        }
        foreach (var update in updates)
        {
            var (command, isKept) = Command(transaction, update.Text);
            try
            {
                for (var i = 0; i < update.Values.Count; i++)
                {
                    var (type, value) = update.Values[i];
                    if (command.Parameters.Count > i)
                        command.Parameters[i].Value = value is null ? DBNull.Value : type.Converter is { } converter ? converter.ConvertToProvider(value) : value;
                    else
                        command.Parameters.Add(type.CreateParameter(command, $"@p{i}", value, nullable: true));
                }
                MustBeOne(await command.ExecuteNonQueryAsync(ct), update);
            }
            finally
            {
                if (!isKept)
                    await command.DisposeAsync();
            }
        }
    }

    public void Dispose()
    {
        foreach (var command in kept.Values)
            command.Dispose();
        kept.Clear();
    }

    private async Task WriteBatchAsync(DbTransaction transaction, IReadOnlyList<RowUpdate> updates, CancellationToken ct)
    {
        await using var batch = connection.CreateBatch();
        await using var maker = connection.CreateCommand();
        batch.Transaction = transaction;
        foreach (var update in updates)
        {
            var command = batch.CreateBatchCommand();
            command.CommandText = update.Text;
            for (var i = 0; i < update.Values.Count; i++)
                command.Parameters.Add(update.Values[i].Type.CreateParameter(maker, $"@p{i}", update.Values[i].Value, nullable: true));
            batch.BatchCommands.Add(command);
        }
        await batch.ExecuteNonQueryAsync(ct);
        foreach (var (command, update) in batch.BatchCommands.Zip(updates))
            MustBeOne(command.RecordsAffected, update);
    }

    private (DbCommand Command, bool IsKept) Command(DbTransaction transaction, string text)
    {
        if (!kept.TryGetValue(text, out var command))
        {
            command = connection.CreateCommand();
            command.CommandText = text;
            if (kept.Count >= MostKept)
                Dispose(); // None of them is in use now; those that are wanted come back.
            if (keep)
                kept.Add(text, command);
        }
        command.Transaction = transaction;
        return (command, keep);
    }

    private static void MustBeOne(int rows, RowUpdate update)
    {
        if (rows != 1)
            throw new DbUpdateConcurrencyException($"{rows} rows instead of one: {update.Text}");
    }
}
