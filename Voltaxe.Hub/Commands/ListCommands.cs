using System.Globalization;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Voltaxe.Contracts.Operators;
using Voltaxe.Hub.Domain;
using Voltaxe.Hub.Persistence;
using Voltaxe.Hub.Pipeline;

namespace Voltaxe.Hub.Commands;

/// <summary>Commands that fit a filter, newest first, a page at a time.</summary>
public static class ListCommands
{
    public const int MaxPage = 200;

    public sealed record Request(Caller By, CommandFilter Filter, int Limit, string? After) : IRequest<Result<Page<CommandView>>>, IOperatorRequest
    {
        public Permission Needs => Permission.View;
    }

    public sealed class Handler(HubStore store) : IRequestHandler<Request, Result<Page<CommandView>>>
    {
        public async Task<Result<Page<CommandView>>> Handle(Request request, CancellationToken cancellationToken)
        {
            if (request.Limit is < 1 or > MaxPage)
                return Refusal.Invalid("limit", $"must be from 1 to {MaxPage}");
            if (request.After is not null && IdOf(request.After) is null)
                return Refusal.Invalid("after", "must be the next of an earlier page");
            return await store.ReadAsync((db, ct) => PageAsync(db, request.Filter, request.Limit, request.After, ct), cancellationToken);
        }
    }

    public static async Task<Page<CommandView>> PageAsync(HubDb db, CommandFilter filter, int limit, string? after, CancellationToken ct)
    {
        var query = Fitting(db.Commands.AsNoTracking(), filter);
        if (after is not null && IdOf(after) is { } id)
            query = query.Where(c => c.Id < id);
        var rows = await query.OrderByDescending(c => c.Id).Take(limit + 1).ToListAsync(ct);
        var items = rows.Take(limit).Select(CommandViews.Of).ToList();
        return new Page<CommandView>(items, rows.Count > limit ? $"c-{items[^1].Id}" : null);
    }

    private static long? IdOf(string after) =>
        after.StartsWith("c-", StringComparison.Ordinal) && long.TryParse(after.AsSpan(2), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;

    public static IQueryable<Command> Fitting(IQueryable<Command> commands, CommandFilter filter)
    {
        // No row can hold this character, and PostgreSQL does not even take the question.
        if (new[] { filter.Host, filter.CreatedBy, filter.Batch }.Any(text => text?.Contains('\0') == true))
            return commands.Where(c => false);
        if (filter.Host is { } host)
        {
            var key = host.ToLowerInvariant();
            commands = commands.Where(c => c.AgentId == key || c.Hostname.ToLower() == key);
        }
        if (filter.Status is { Count: > 0 } statuses)
            commands = commands.Where(c => statuses.Contains(c.Status));
        if (filter.Command is { } name)
            commands = commands.Where(c => c.Name == name);
        if (filter.CreatedBy is { } by)
            commands = commands.Where(c => c.CreatedBy == by);
        if (filter.Batch is { } batch)
            commands = commands.Where(c => c.BatchId == batch);
        return commands;
    }
}

/// <summary>One command.</summary>
public static class FindCommand
{
    public sealed record Request(Caller By, long Id) : IRequest<Result<CommandView>>, IOperatorRequest
    {
        public Permission Needs => Permission.View;
    }

    public sealed class Handler(HubStore store) : IRequestHandler<Request, Result<CommandView>>
    {
        public Task<Result<CommandView>> Handle(Request request, CancellationToken cancellationToken) => store.ReadAsync<Result<CommandView>>(async (db, ct) =>
            await db.Commands.SingleOrDefaultAsync(c => c.Id == request.Id, ct) is { } command
                ? CommandViews.Of(command)
                : Refusal.NotFound($"There is no command {request.Id}."), cancellationToken);
    }
}
