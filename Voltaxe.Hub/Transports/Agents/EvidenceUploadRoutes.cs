using System.Globalization;
using MediatR;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Evidence;
using Voltaxe.Hub.Pipeline;
using Voltaxe.Hub.Security;

namespace Voltaxe.Hub.Transports.Agents;

/// <summary>Where agents send evidence: an offer, then its bytes, from wherever the last upload got to.</summary>
public static class EvidenceUploadRoutes
{
    private const int OfferLimit = 16 * 1024;

    public static void MapEvidenceUploads(this IEndpointRouteBuilder app)
    {
        app.MapPost(AgentRoutes.Evidence, OfferAsync).RequireAuthorization(Policies.AgentWithKey).WithTags("agents").TakesJson<EvidenceOffer>()
            .Produces<EvidenceTicket>(201).Produces<EvidenceTicket>().ProducesProblem(400).ProducesProblem(404).ProducesProblem(409).ProducesProblem(413).ProducesProblem(507);
        app.MapPatch(AgentRoutes.Evidence + "/{id}", UploadAsync).RequireAuthorization(Policies.AgentWithKey).WithTags("agents")
            .Produces(204).ProducesProblem(400).ProducesProblem(404).ProducesProblem(409).ProducesProblem(413).ProducesProblem(422).ProducesProblem(507);
    }

    private static async Task<IResult> OfferAsync(HttpContext http, IMediator mediator)
    {
        var body = await JsonBody.ReadLenientAsync<EvidenceOffer>(http, OfferLimit);
        if (body.IsRefused)
            return body.Refusal!.ToResult();
        var answer = await mediator.Send(new OfferEvidence.Request(http.User.AgentId(), body.Value), http.RequestAborted);
        return answer.ToResult(offer => Problems.Json(offer.Ticket, offer.IsNew ? StatusCodes.Status201Created : StatusCodes.Status200OK));
    }

    private static async Task<IResult> UploadAsync(HttpContext http, IMediator mediator, string id)
    {
        if (!http.Request.Headers.TryGetValue(AgentRoutes.UploadOffset, out var said) || said.Count != 1
            || !long.TryParse(said[0], NumberStyles.None, CultureInfo.InvariantCulture, out var offset))
            return Refusal.Invalid("upload_offset", "the header Upload-Offset must say where the body begins, in bytes").ToResult();
        if (http.Request.ContentLength > AgentRoutes.MaxUploadBytes)
            return new Refusal(StatusCodes.Status413PayloadTooLarge, "too_large", $"The body may have at most {AgentRoutes.MaxUploadBytes} bytes.").ToResult();
        var answer = await mediator.Send(new UploadEvidence.Request(http.User.AgentId(), id, offset, http.Request.Body, http.Request.ContentLength), http.RequestAborted);
        return answer.ToResult(upload =>
        {
            http.Response.Headers[AgentRoutes.UploadOffset] = upload.Offset.ToString(CultureInfo.InvariantCulture);
            return upload.Refusal is { } refusal ? refusal.ToResult() : Results.NoContent();
        });
    }
}
