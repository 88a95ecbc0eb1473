using MediatR;
using Voltaxe.Contracts.Crypto;
using Voltaxe.Hub.Persistence;
using Voltaxe.Hub.Pipeline;
using Voltaxe.Hub.Security;

namespace Voltaxe.Hub.Agents;

/// <summary>An admin shuts an agent out, on every node within 5 s.</summary>
public static class RevokeAgent
{
    public sealed record Request(string AgentId, Caller By) : IRequest<Result<Unit>>, IOperatorRequest
    {
        public Permission Needs => Permission.Administer;
    }

    public sealed class Handler(HubStore store, AgentRevocations revocations) : IRequestHandler<Request, Result<Unit>>
    {
        public async Task<Result<Unit>> Handle(Request request, CancellationToken cancellationToken)
        {
            var found = AgentIds.IsAgentId(request.AgentId) && await store.WriteAsync(async (write, ct) =>
            {
                if (await write.LockAgentAsync(request.AgentId, ct) is not { RevokedAt: null } agent)
                    return false;
                await Retirement.ApplyAsync(write, agent, request.By.Actor, "revoked", ct);
                return true;
            }, cancellationToken);
            if (!found)
                return Refusal.NotFound("There is no such agent, or it is revoked.", "id");
            revocations.Announce(request.AgentId);
            return Unit.Value;
        }
    }
}
