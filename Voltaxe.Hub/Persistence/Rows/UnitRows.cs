using System.Data.Common;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;
using Voltaxe.Contracts.Json;
using Voltaxe.Hub.Domain;

namespace Voltaxe.Hub.Persistence.Rows;

/// <summary>The agents and commands of one unit of work: each of them once, whoever asks for it and how often.</summary>
internal sealed class UnitRows(HubDb db, Statements statements, bool isSqlite)
{
    private static readonly ConditionalWeakTable<IModel, Tables> ByModel = [];

    private readonly Tables tables = ByModel.GetValue(db.Model, static model => new Tables(new(model), new(model)));
    private readonly Dictionary<string, Row<Agent>> agents = [];
    private readonly Dictionary<long, Row<Command>> commands = [];

    private sealed record Tables(RowTable<Agent> Agents, RowTable<Command> Commands);

    public IReadOnlyCollection<Row<Agent>> Agents => agents.Values;

    public IReadOnlyCollection<Row<Command>> Commands => commands.Values;

    /// <summary>Locked against every other writer, in the order of their ids. SQLite has one writer, and it is this one.</summary>
    public async Task<List<Agent>> LockAgentsAsync(IReadOnlyCollection<string> ids, CancellationToken ct)
    {
        var text = $"{tables.Agents.Select} WHERE id {Among(ids)} ORDER BY id{(isSqlite ? "" : " FOR UPDATE")}";
        var read = await statements.QueryAsync(Transaction, text, Wanted(ids), tables.Agents.Read, ct);
        return [.. read.Select(a => Known(agents, tables.Agents, a.Id, a))];
    }

    public Task<List<Command>> OpenCommandsAsync(IReadOnlyCollection<string> agentIds, CancellationToken ct) =>
        CommandsAsync($"{By(HubDb.OpenIndex)} WHERE {HubDb.Open} AND agent_id {Among(agentIds)}", Wanted(agentIds), ct);

    /// <summary>What an agent may still speak of: what is open, and of what the hub gave up on as much as fits a reply, the oldest first.</summary>
    public Task<List<Command>> OpenOrGivenUpAsync(string agentId, CancellationToken ct) => CommandsAsync($"""
        {By(HubDb.OpenIndex)} WHERE {HubDb.Open} AND agent_id = @wanted
        UNION ALL SELECT * FROM ({tables.Commands.Select}{By(HubDb.GivenUpIndex)} WHERE {HubDb.GivenUp} AND unknown_why = 'no_report' AND NOT seed_route AND agent_id = @wanted ORDER BY id LIMIT 200) AS given_up
        """, agentId, ct);

    public async Task<Command?> CommandAsync(long id, CancellationToken ct) => (await CommandsAsync(" WHERE id = @wanted", id, ct)).SingleOrDefault();

    public Task<List<Command>> CommandsAsync(IReadOnlyCollection<Guid> uids, CancellationToken ct) => isSqlite
        ? ByUidAsync([.. uids.Select(u => u.ToString().ToUpperInvariant())], ct) // as it is stored there
        : ByUidAsync(uids, ct);

    /// <summary>The work is done: finds out what it has changed.</summary>
    public void Look()
    {
        foreach (var row in agents.Values)
            row.Look();
        foreach (var row in commands.Values)
            row.Look();
    }

    /// <summary>Writes what <see cref="Look"/> found.</summary>
    public Task SaveAsync(CancellationToken ct) => statements.WriteAsync(Transaction,
        [.. agents.Values.Where(a => a.HasChanged).Select(a => a.Update()), .. commands.Values.Where(c => c.HasChanged).Select(c => c.Update())], ct);

    private DbTransaction Transaction => db.Database.CurrentTransaction!.GetDbTransaction();

    private Task<List<Command>> ByUidAsync<T>(IReadOnlyCollection<T> uids, CancellationToken ct) where T : notnull =>
        CommandsAsync($" WHERE uid {Among(uids)}", Wanted(uids), ct);

    /// <summary>SQLite takes a small index over a part of the table only when told to as soon as there are several agents.</summary>
    private string By(string index) => isSqlite ? $" INDEXED BY {index}" : "";

    private string Among<T>(IReadOnlyCollection<T> wanted) => wanted.Count == 1 ? "= @wanted" : isSqlite ? "IN (SELECT value FROM json_each(@wanted))" : "= ANY(@wanted)";

    private object Wanted<T>(IReadOnlyCollection<T> wanted) where T : notnull =>
        wanted.Count == 1 ? wanted.Single() : isSqlite ? JsonSerializer.Serialize([.. wanted.Cast<string>()], WireJson.Default.StringArray) : wanted.ToArray();

    private async Task<List<Command>> CommandsAsync(string rest, object wanted, CancellationToken ct)
    {
        var read = await statements.QueryAsync(Transaction, tables.Commands.Select + rest, wanted, tables.Commands.Read, ct);
        return [.. read.Select(c => Known(commands, tables.Commands, c.Id, c))];
    }

    /// <summary>What has been read before, and perhaps changed since, stays what it is.</summary>
    private static T Known<TKey, T>(Dictionary<TKey, Row<T>> rows, RowTable<T> table, TKey key, T read) where TKey : notnull where T : class
    {
        if (!rows.TryGetValue(key, out var row))
            rows.Add(key, row = new Row<T>(table, read));
        return row.Entity;
    }
}
