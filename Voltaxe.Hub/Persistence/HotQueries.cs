using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.Hub.Domain;

namespace Voltaxe.Hub.Persistence;

/// <summary>
/// What is asked of the database for one agent at every sync and every push, translated once: the translation costs more than the answer.
/// One translation serves all contexts of one model. All rows are tracked.
/// </summary>
public sealed class HotQueries
{
    private static readonly ConditionalWeakTable<IModel, HotQueries> ByModel = [];

    private readonly Func<HubDb, string, CancellationToken, Task<Agent?>> agent =
        EF.CompileAsyncQuery((HubDb db, string id, CancellationToken ct) => db.Agents.SingleOrDefault(a => a.Id == id));

    private readonly Func<HubDb, string, IAsyncEnumerable<Command>> open =
        EF.CompileAsyncQuery((HubDb db, string id) => db.Commands.Where(HubDb.IsOpen).Where(c => c.AgentId == id));

    private readonly Func<HubDb, string, IAsyncEnumerable<Command>> givenUp = EF.CompileAsyncQuery((HubDb db, string id) => db.Commands
        .Where(c => c.AgentId == id && c.Status == CommandStatus.Unknown && !c.AgentMade && c.UnknownWhy == UnknownWhy.NoReport && !c.SeedRoute).OrderBy(c => c.Id).Take(200));

    private HotQueries() { }

    public static HotQueries Of(HubDb db) => ByModel.GetValue(db.Model, static _ => new());

    public Task<Agent?> AgentAsync(HubDb db, string id, CancellationToken ct) => agent(db, id, ct);

    public Task<List<Command>> OpenCommandsAsync(HubDb db, string agentId, CancellationToken ct) => open(db, agentId).ToListAsync(ct).AsTask();

    public Task<List<Command>> GivenUpCommandsAsync(HubDb db, string agentId, CancellationToken ct) => givenUp(db, agentId).ToListAsync(ct).AsTask();
}
