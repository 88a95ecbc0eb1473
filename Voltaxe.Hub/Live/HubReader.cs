using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using Voltaxe.Contracts.Operators;
using Voltaxe.Hub.Agents;
using Voltaxe.Hub.Commands;
using Voltaxe.Hub.Persistence;

namespace Voltaxe.Hub.Live;

/// <summary>The dashboard's eyes: a snapshot, then changes, watched from before the snapshot so that nothing falls between.</summary>
public sealed class HubReader(HubStore store, LiveFeed feed, AgentViews views, HubOptions options) : IHubReader
{
    public async Task<LiveView<AgentView>> WatchAgentsAsync(CancellationToken ct)
    {
        var changes = feed.Agents.Watch(ct);
        return new(await store.ReadAsync((db, token) => views.LoadAsync(db, null, token), ct), changes);
    }

    public async Task<LiveView<CommandView>> WatchCommandsAsync(CommandFilter filter, int limit, CancellationToken ct)
    {
        var changes = feed.Commands.Watch(ct);
        var page = await ListCommandsAsync(filter, limit, null, ct);
        return new(page.Items, Fitting(changes, filter, ct));
    }

    public Task<Page<CommandView>> ListCommandsAsync(CommandFilter filter, int limit, string? after, CancellationToken ct) =>
        store.ReadAsync((db, token) => ListCommands.PageAsync(db, filter, limit, after, token), ct);

    public async Task<AgentView?> FindAgentAsync(string hostOrId, CancellationToken ct)
    {
        var key = hostOrId.ToLowerInvariant();
        if (key.Contains('\0'))
            return null; // PostgreSQL does not take the question.
        return await store.ReadAsync(async (db, token) =>
        {
            var id = await db.Agents.Where(a => a.RevokedAt == null && (a.HostnameKey == key || a.Id == key)).Select(a => a.Id).SingleOrDefaultAsync(token);
            return id is null ? null : (await views.LoadAsync(db, [id], token)).SingleOrDefault();
        }, ct);
    }

    public Task<CommandView?> FindCommandAsync(long id, CancellationToken ct) => store.ReadAsync(async (db, token) =>
        await db.Commands.SingleOrDefaultAsync(c => c.Id == id, token) is { } command ? CommandViews.Of(command) : null, ct);

    public TimeSpan LifetimeOf(string command) => options.Delivery.LifetimeOf(command);

    private static async IAsyncEnumerable<IReadOnlyList<LiveChange<CommandView>>> Fitting(
        IAsyncEnumerable<IReadOnlyList<LiveChange<CommandView>>> changes, CommandFilter filter, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var batch in changes.WithCancellation(ct))
            yield return [.. batch.Select(c => c.Row is { } row && Fits(row, filter) ? c : c with { Row = null })];
    }

    private static bool Fits(CommandView row, CommandFilter filter) =>
        (filter.Host is null || row.Host.Equals(filter.Host, StringComparison.OrdinalIgnoreCase) || row.AgentId == filter.Host)
        && (filter.Status is not { Count: > 0 } || filter.Status.Contains(row.Status))
        && (filter.Command is null || row.Command == filter.Command)
        && (filter.CreatedBy is null || row.CreatedBy == filter.CreatedBy)
        && (filter.Batch is null || row.BatchId == filter.Batch);
}
