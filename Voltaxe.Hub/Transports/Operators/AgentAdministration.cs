using MediatR;
using Voltaxe.Contracts.Operators;
using Voltaxe.Hub.Agents;
using Voltaxe.Hub.Commands;
using Voltaxe.Hub.Pipeline;

namespace Voltaxe.Hub.Transports.Operators;

/// <summary>What admins do with agents: let them in, shut them out, let a host out of its isolation without them.</summary>
public static class AgentAdministration
{
    public static void MapAgentAdministration(this IEndpointRouteBuilder routes)
    {
        var admin = routes.MapGroup("/api/v1").RequireAuthorization(Policies.Administer).WithTags("agents");

        admin.MapPost("/agents", async (HttpContext context, IMediator mediator) =>
        {
            var body = await JsonBody.ReadStrictAsync<NewAgent>(context);
            return body.Refusal is { } unreadable
                ? unreadable.ToResult()
                : (await mediator.Send(new AddLegacyAgent.Request(body.Value, By(context)), context.RequestAborted))
                    .ToResult(reply => Problems.Json(reply, StatusCodes.Status201Created));
        }).TakesJson<NewAgent>().Produces<NewAgentReply>(201);

        admin.MapDelete("/agents/{id}", async (string id, HttpContext context, IMediator mediator) =>
            (await mediator.Send(new RevokeAgent.Request(id, By(context)), context.RequestAborted)).ToResult(_ => Results.NoContent())).Produces(204);

        admin.MapPost("/agents/{id}/replace", async (string id, HttpContext context, IMediator mediator) =>
            (await mediator.Send(new ReplaceAgent.Request(id, By(context)), context.RequestAborted)).ToResult(agent => Problems.Json(agent)))
            .Produces<AgentView>().ProducesProblem(404);

        admin.MapPost("/agents/{id}/release-code", async (string id, HttpContext context, IMediator mediator) =>
        {
            var body = await JsonBody.ReadStrictAsync<NewReleaseCode>(context);
            return body.Refusal is { } unreadable
                ? unreadable.ToResult()
                : (await mediator.Send(new CreateReleaseCode.Request(By(context), id, body.Value), context.RequestAborted))
                    .ToResult(reply => Problems.Json(reply, StatusCodes.Status201Created));
        }).TakesJson<NewReleaseCode>().Produces<ReleaseCodeReply>(201).ProducesProblem(404).ProducesProblem(409);

        admin.MapPost("/enrollment-tokens", async (HttpContext context, IMediator mediator) =>
        {
            var body = await JsonBody.ReadStrictAsync<NewEnrolmentToken>(context);
            return body.Refusal is { } unreadable
                ? unreadable.ToResult()
                : (await mediator.Send(new CreateEnrolmentToken.Request(body.Value, By(context)), context.RequestAborted))
                    .ToResult(reply => Problems.Json(reply, StatusCodes.Status201Created));
        }).TakesJson<NewEnrolmentToken>().Produces<NewEnrolmentTokenReply>(201);
    }

    private static Caller By(HttpContext context) => context.User.ToCaller(context.Connection.RemoteIpAddress);
}
