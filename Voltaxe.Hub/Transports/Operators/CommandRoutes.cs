using System.Security.Cryptography;
using MediatR;
using Microsoft.AspNetCore.Mvc;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Crypto;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Operators;
using Voltaxe.Hub.Commands;
using Voltaxe.Hub.Pipeline;

namespace Voltaxe.Hub.Transports.Operators;

/// <summary><c>/api/v1/commands</c>.</summary>
public static class CommandRoutes
{
    public static void MapCommandRoutes(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/api/v1/commands").WithTags("commands");
        group.MapPost("", QueueAsync).RequireAuthorization(Policies.Command)
            .TakesJson<NewCommands>().Produces<QueuedCommands>(202).ProducesProblem(400).ProducesProblem(404).ProducesProblem(422);
        group.MapGet("", ListAsync).RequireAuthorization(Policies.View).Produces<Page<CommandView>>().ProducesProblem(400);
        group.MapGet("/{id:long}", FindAsync).RequireAuthorization(Policies.View).Produces<CommandView>().ProducesProblem(404);
        group.MapGet("/{id:long}/events", CommandStream.WriteAsync).RequireAuthorization(Policies.View).Produces(200, contentType: "text/event-stream").ProducesProblem(404);
        group.MapPost("/{id:long}/cancel", CancelAsync).RequireAuthorization(Policies.Command)
            .TakesJson<ReasonBody>().Produces<CommandView>().ProducesProblem(404).ProducesProblem(409);
    }

    private static async Task<IResult> QueueAsync(HttpContext http, IMediator mediator)
    {
        var bytes = await JsonBody.ReadBytesAsync(http, JsonBody.OperatorLimit);
        if (bytes.IsRefused)
            return bytes.Refusal!.ToResult();
        var order = JsonBody.Parse<NewCommands>(bytes.Value, strict: true);
        if (order.IsRefused)
            return order.Refusal!.ToResult();
        var key = http.Request.Headers.TryGetValue("Idempotency-Key", out var keys) ? keys.ToString() : null;
        var answer = await mediator.Send(new QueueCommands.Request(http.User.ToCaller(http.Connection.RemoteIpAddress), order.Value, key, Base64UrlText.Encode(SHA256.HashData(bytes.Value))), http.RequestAborted);
        return answer.ToResult(queued =>
        {
            if (queued.Commands.Count == 1)
                http.Response.Headers.Location = $"{http.Request.PathBase}/api/v1/commands/{queued.Commands[0].Id}";
            return Problems.Json(queued, StatusCodes.Status202Accepted);
        });
    }

    private static async Task<IResult> ListAsync(HttpContext http, IMediator mediator,
        [FromQuery] string? host, [FromQuery] string? status, [FromQuery] string? command, [FromQuery(Name = "created_by")] string? createdBy,
        [FromQuery] string? batch, [FromQuery] string? limit, [FromQuery] string? after)
    {
        var faults = new Dictionary<string, string[]>();
        var statuses = new List<CommandStatus>();
        foreach (var word in (status ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (Words.TryParse<CommandStatus>(word, out var value))
                statuses.Add(value);
            else
                faults["status"] = ["must be states of the protocol, separated by commas"];
        }
        if (command is not null && !CommandNames.All.Contains(command))
            faults["command"] = [$"must be one of {string.Join(", ", CommandNames.All)}"];
        foreach (var (name, text) in new[] { ("host", host), ("created_by", createdBy), ("batch", batch) })
        {
            if (text?.Any(char.IsControl) == true)
                faults[name] = ["must not contain control characters"];
        }
        var most = 50;
        if (limit is not null && (!int.TryParse(limit, out most) || most is < 1 or > ListCommands.MaxPage))
            faults["limit"] = [$"must be from 1 to {ListCommands.MaxPage}"];
        if (faults.Count > 0)
            return Refusal.Invalid(faults).ToResult();
        var filter = new CommandFilter { Host = host, Status = statuses.Count > 0 ? statuses : null, Command = command, CreatedBy = createdBy, Batch = batch };
        return (await mediator.Send(new ListCommands.Request(http.User.ToCaller(http.Connection.RemoteIpAddress), filter, most, after), http.RequestAborted)).ToResult(page => Problems.Json(page));
    }

    private static async Task<IResult> FindAsync(HttpContext http, IMediator mediator, long id) =>
        (await mediator.Send(new FindCommand.Request(http.User.ToCaller(http.Connection.RemoteIpAddress), id), http.RequestAborted)).ToResult(command => Problems.Json(command));

    private static async Task<IResult> CancelAsync(HttpContext http, IMediator mediator, long id)
    {
        var body = await JsonBody.ReadStrictAsync<ReasonBody>(http);
        return body.IsRefused
            ? body.Refusal!.ToResult()
            : (await mediator.Send(new CancelCommand.Request(http.User.ToCaller(http.Connection.RemoteIpAddress), id, body.Value.Reason), http.RequestAborted)).ToResult(command => Problems.Json(command));
    }
}
