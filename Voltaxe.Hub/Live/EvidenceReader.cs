using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Operators;
using Voltaxe.Hub.Evidence;
using Voltaxe.Hub.Persistence;

namespace Voltaxe.Hub.Live;

/// <summary>The dashboard's eyes on collections; watched from before the snapshot, so that nothing falls between.</summary>
public sealed class EvidenceReader(HubStore store, EvidenceFeed feed) : IEvidenceReader
{
    public async Task<LiveView<EvidenceView>> WatchEvidenceAsync(EvidenceFilter filter, int limit, CancellationToken ct)
    {
        var changes = feed.Evidence.Watch(ct);
        var page = await ListEvidenceAsync(filter, limit, null, ct);
        return new(page.Items, Fitting(changes, row => Fits(row, filter), ct));
    }

    /// <summary>A mark that is none of ours is as good as none.</summary>
    public Task<Page<EvidenceView>> ListEvidenceAsync(EvidenceFilter filter, int limit, string? after, CancellationToken ct) =>
        store.ReadAsync((db, token) => ListEvidence.PageAsync(db, filter, limit, Vault.IsId(after) ? after : null, token), ct);

    public async Task<LiveView<ProgressView>> WatchProgressAsync(long commandId, CancellationToken ct)
    {
        var changes = feed.Progress.Watch(ct);
        var known = await store.ReadAsync((db, token) => db.Progress
            .Where(p => p.CommandId == commandId && db.Commands.Any(c => c.Id == commandId && c.Status == CommandStatus.Delivered)).ToListAsync(token), ct);
        var key = commandId.ToString(CultureInfo.InvariantCulture);
        return new([.. known.Select(EvidenceViews.Of)], Fitting(changes, row => row.CommandId == commandId, ct, key));
    }

    /// <summary>Only what fits, and what is gone; a batch in which nothing does is not handed on.</summary>
    private static async IAsyncEnumerable<IReadOnlyList<LiveChange<T>>> Fitting<T>(
        IAsyncEnumerable<IReadOnlyList<LiveChange<T>>> changes, Func<T, bool> fits, [EnumeratorCancellation] CancellationToken ct, string? key = null) where T : class
    {
        await foreach (var batch in changes.WithCancellation(ct))
        {
            LiveChange<T>[] mine = [.. batch.Where(c => c.Row is { } row ? fits(row) : key is null || c.Id == key)];
            if (mine.Length > 0)
                yield return mine;
        }
    }

    private static bool Fits(EvidenceView row, EvidenceFilter filter) =>
        (filter.Command is null || row.CommandId == filter.Command)
        && (filter.Host is null || row.Host.Equals(filter.Host, StringComparison.OrdinalIgnoreCase) || row.AgentId == filter.Host);
}
