using MediatR;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Agents;
using Voltaxe.Hub.Persistence;
using Voltaxe.Hub.Pipeline;
using Voltaxe.Hub.Security;

namespace Voltaxe.Hub.Transports.Agents;

/// <summary>The two doors that stand open to agents: enrolment, and an access token for an assertion.</summary>
public static class EnrolmentRoutes
{
    private const int Limit = 16 * 1024;

    public static void MapEnrolment(this IEndpointRouteBuilder routes)
    {
        routes.MapPost(AgentRoutes.Enrol, async (HttpContext context, IMediator mediator, RefusalLog refusals) =>
        {
            var body = await JsonBody.ReadLenientAsync<EnrolRequest>(context, Limit);
            if (body.Refusal is { } unreadable)
                return unreadable.ToResult();
            var answer = await mediator.Send(new Enrol.Request(body.Value, Principals.TextOf(context.Connection.RemoteIpAddress)), context.RequestAborted);
            if (answer.Refusal is { Status: 401 or 403 or 409 } refused)
                refusals.Note(context, refused.Slug == "unauthenticated" ? "bad_enrolment_token" : refused.Slug);
            return answer.ToResult(reply => Problems.Json(reply, StatusCodes.Status201Created));
        }).AllowAnonymous().RequireRateLimiting(DoorLimiting.Agents).WithTags("agents").TakesJson<EnrolRequest>().Produces<EnrolReply>(201);

        routes.MapPost(AgentRoutes.Token, async (HttpContext context, IMediator mediator, RefusalLog refusals, HubClock clock) =>
        {
            var body = await JsonBody.ReadLenientAsync<TokenRequest>(context, Limit);
            if (body.Refusal is { } unreadable)
                return unreadable.ToResult();
            var answer = await mediator.Send(new IssueAccessToken.Request(body.Value), context.RequestAborted);
            if (answer.Refusal is not { } refused)
                return Problems.Json(answer.Value);
            refusals.Note(context, "bad_assertion");
            return refused.ToResult(clock.Now);
        }).AllowAnonymous().RequireRateLimiting(DoorLimiting.Agents).WithTags("agents").TakesJson<TokenRequest>().Produces<TokenReply>();
    }
}
