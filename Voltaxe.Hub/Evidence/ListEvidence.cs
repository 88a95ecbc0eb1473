using MediatR;
using Microsoft.EntityFrameworkCore;
using Voltaxe.Contracts.Operators;
using Voltaxe.Hub.Persistence;
using Voltaxe.Hub.Pipeline;

namespace Voltaxe.Hub.Evidence;

/// <summary>Evidence that fits a filter, newest first, a page at a time.</summary>
public static class ListEvidence
{
    public const int MaxPage = 200;

    public sealed record Request(Caller By, EvidenceFilter Filter, int Limit, string? After) : IRequest<Result<Page<EvidenceView>>>, IOperatorRequest
    {
        public Permission Needs => Permission.ReadEvidence;
    }

    public sealed class Handler(HubStore store) : IRequestHandler<Request, Result<Page<EvidenceView>>>
    {
        public async Task<Result<Page<EvidenceView>>> Handle(Request request, CancellationToken cancellationToken)
        {
            if (request.Limit is < 1 or > MaxPage)
                return Refusal.Invalid("limit", $"must be from 1 to {MaxPage}");
            if (request.After is not null && !Vault.IsId(request.After))
                return Refusal.Invalid("after", "must be the next of an earlier page");
            return await store.ReadAsync((db, ct) => PageAsync(db, request.Filter, request.Limit, request.After, ct), cancellationToken);
        }
    }

    public static async Task<Page<EvidenceView>> PageAsync(HubDb db, EvidenceFilter filter, int limit, string? after, CancellationToken ct)
    {
        var query = db.Evidence.AsNoTracking();
        if (filter.Command is { } command)
            query = query.Where(e => e.CommandId == command);
        if (filter.Host?.ToLowerInvariant() is { } key)
            query = key.Contains('\0') ? query.Where(e => false) : query.Where(e => e.AgentId == key || e.Hostname.ToLower() == key);
        if (after is not null)
            query = query.Where(e => string.Compare(e.Id, after) < 0);
        // Ids begin with the time at which they were made.
        var rows = await query.OrderByDescending(e => e.Id).Take(limit + 1).ToListAsync(ct);
        var items = rows.Take(limit).Select(EvidenceViews.Of).ToList();
        return new Page<EvidenceView>(items, rows.Count > limit ? items[^1].Id : null);
    }
}
