using System.Globalization;
using MediatR;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Net.Http.Headers;
using Voltaxe.Contracts.Operators;
using Voltaxe.Hub.Evidence;
using Voltaxe.Hub.Pipeline;

namespace Voltaxe.Hub.Transports.Operators;

/// <summary><c>/api/v1/evidence</c>: what was collected, and a copy of it. Always as an attachment of no type: nobody's browser opens it.</summary>
public static class EvidenceRoutes
{
    private const string Bytes = "application/octet-stream";

    public static void MapEvidenceRoutes(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/api/v1/evidence").RequireAuthorization(Policies.ReadEvidence).WithTags("evidence");
        group.MapGet("", ListAsync).Produces<Page<EvidenceView>>().ProducesProblem(400);
        group.MapGet("/{id}", DownloadAsync).Produces(200, contentType: Bytes).Produces(206, contentType: Bytes).ProducesProblem(404).ProducesProblem(409);
    }

    private static async Task<IResult> ListAsync(HttpContext http, IMediator mediator,
        [FromQuery] string? command, [FromQuery] string? host, [FromQuery] string? limit, [FromQuery] string? after)
    {
        var faults = new Dictionary<string, string[]>();
        long? number = null;
        if (command is not null)
        {
            if (long.TryParse(command, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
                number = id;
            else
                faults["command"] = ["must be the number of a command"];
        }
        if (host?.Any(char.IsControl) == true)
            faults["host"] = ["must not contain control characters"];
        var most = 50;
        if (limit is not null && (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out most) || most is < 1 or > ListEvidence.MaxPage))
            faults["limit"] = [$"must be from 1 to {ListEvidence.MaxPage}"];
        if (faults.Count > 0)
            return Refusal.Invalid(faults).ToResult();
        var filter = new EvidenceFilter { Command = number, Host = host };
        return (await mediator.Send(new ListEvidence.Request(http.User.ToCaller(http.Connection.RemoteIpAddress), filter, most, after), http.RequestAborted))
            .ToResult(page => Problems.Json(page));
    }

    private static async Task<IResult> DownloadAsync(HttpContext http, IMediator mediator, string id) =>
        (await mediator.Send(new DownloadEvidence.Request(http.User.ToCaller(http.Connection.RemoteIpAddress), id), http.RequestAborted))
            .ToResult(found =>
            {
                http.Response.Headers.XContentTypeOptions = "nosniff";
                return Results.Stream(found.Content, Bytes, found.FileName, found.At, new EntityTagHeaderValue($"\"{found.Sha256}\""), enableRangeProcessing: true);
            });
}
