using System.Security.Cryptography;
using FluentValidation;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Voltaxe.Contracts.Crypto;
using Voltaxe.Contracts.Operators;
using Voltaxe.Hub.Domain;
using Voltaxe.Hub.Persistence;
using Voltaxe.Hub.Pipeline;
using Voltaxe.Hub.Security;

namespace Voltaxe.Hub.Agents;

/// <summary>An admin lets one of the seed's Sentinels in: it has no key, so it gets a static token, shown once.</summary>
public static class AddLegacyAgent
{
    public sealed record Request(NewAgent Body, Caller By) : IRequest<Result<NewAgentReply>>, IOperatorRequest
    {
        public Permission Needs => Permission.Administer;
    }

    public sealed class Rules : AbstractValidator<Request>
    {
        public Rules()
        {
            RuleFor(r => r.Body.Hostname).Must(AgentIds.IsHostName).OverridePropertyName("hostname").WithMessage(HostNames.Rule);
            RuleFor(r => r.Body.Legacy).Equal(true).OverridePropertyName("legacy")
                .WithMessage("must be true: other agents come by enrolment");
        }
    }

    public sealed class Handler(HubStore store, AgentCredentials credentials) : IRequestHandler<Request, Result<NewAgentReply>>
    {
        public async Task<Result<NewAgentReply>> Handle(Request request, CancellationToken cancellationToken)
        {
            var hostname = request.Body.Hostname!;
            var id = "a-" + AgentIds.Encode(RandomNumberGenerator.GetBytes(17))[..26];
            var token = TokenText.NewLegacy(id);
            try
            {
                return await store.WriteAsync<Result<NewAgentReply>>(async (write, ct) =>
                {
                    if (await write.Db.Agents.AnyAsync(a => a.HostnameKey == HostNames.KeyOf(hostname) && a.RevokedAt == null, ct))
                        return HostNames.Taken;
                    write.Db.Agents.Add(new Agent { Id = id, Hostname = hostname, HostnameKey = HostNames.KeyOf(hostname), Legacy = true, EnrolledAt = write.Now });
                    write.Db.AgentTokens.Add(credentials.Row(token));
                    write.Audit(request.By.Actor, "legacy_agent_added", "agent:" + id, "done", HostNames.Detail(hostname), request.By.Address);
                    return new NewAgentReply(id, token);
                }, cancellationToken);
            }
            catch (DbUpdateException e) when (e.IsDuplicate())
            {
                return HostNames.Taken;
            }
        }
    }
}
