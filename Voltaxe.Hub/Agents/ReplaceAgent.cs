using MediatR;
using Voltaxe.Contracts.Crypto;
using Voltaxe.Contracts.Operators;
using Voltaxe.Hub.Persistence;
using Voltaxe.Hub.Pipeline;
using Voltaxe.Hub.Security;

namespace Voltaxe.Hub.Agents;

/// <summary>
/// An admin lets a new key take an agent's host name, once: the next enrolment of that name revokes this agent in the same transaction
/// (<see cref="Enrol"/>). Until then nothing changes for it. Asked again, the answer is the same.
/// </summary>
public static class ReplaceAgent
{
    public sealed record Request(string AgentId, Caller By) : IRequest<Result<AgentView>>, IOperatorRequest
    {
        public Permission Needs => Permission.Administer;
    }

    public sealed class Handler(HubStore store, AgentViews views) : IRequestHandler<Request, Result<AgentView>>
    {
        private static readonly Refusal NotFound = Refusal.NotFound("There is no such agent, or it is revoked.", "id");

        public async Task<Result<AgentView>> Handle(Request request, CancellationToken cancellationToken) => AgentIds.IsAgentId(request.AgentId)
            ? await store.WriteAsync<Result<AgentView>>(async (write, ct) =>
            {
                if (await write.LockAgentAsync(request.AgentId, ct) is not { RevokedAt: null } agent)
                    return NotFound;
                if (!agent.MayBeReplaced)
                {
                    agent.MayBeReplaced = true;
                    write.Audit(request.By.Actor, "agent_replacement_allowed", "agent:" + agent.Id, "done", HostNames.Detail(agent.Hostname), request.By.Address);
                }
                return (await views.LoadAsync(write.Db, [agent.Id], ct)).Single();
            }, cancellationToken)
            : NotFound;
    }
}
