using System.Text.Json.Nodes;
using FluentValidation;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Voltaxe.Contracts.Json;
using Voltaxe.Hub.Persistence;
using Voltaxe.Hub.Pipeline;
using Voltaxe.Hub.Security;

namespace Voltaxe.Hub.Accounts;

/// <summary>An admin makes a bearer token for a person or a program. Shown once; only a keyed hash is kept.</summary>
public static class CreateOperatorToken
{
    public sealed record Request(string Name, Role Role, Caller By) : IRequest<Result<string>>, IOperatorRequest
    {
        public Permission Needs => Permission.Administer;
    }

    public sealed class Rules : AbstractValidator<Request>
    {
        public Rules() => RuleFor(r => r.Name).Must(Names.Fits).OverridePropertyName("name").WithMessage(Names.Rule);
    }

    public sealed class Handler(HubStore store, OperatorCredentials credentials) : IRequestHandler<Request, Result<string>>
    {
        public Task<Result<string>> Handle(Request request, CancellationToken cancellationToken) =>
            store.WriteAsync<Result<string>>(async (write, ct) =>
            {
                var names = await write.Db.OperatorTokens.Where(t => t.RevokedAt == null).Select(t => t.Name).ToListAsync(ct);
                if (names.Contains(request.Name, StringComparer.OrdinalIgnoreCase))
                    return Refusal.Conflict("name_taken", "A token has this name.");
                var (id, secret) = (TokenText.NewId(), TokenText.NewSecret());
                write.Db.OperatorTokens.Add(new OperatorToken
                {
                    Id = id,
                    Name = request.Name,
                    Role = request.Role,
                    Hash = credentials.HashOf(id, request.Name, request.Role, secret),
                    CreatedAt = write.Now,
                });
                var detail = new JsonObject { ["role"] = Words.Of(request.Role) };
                write.Audit(request.By.Actor, "operator_token_created", "token:" + request.Name, "done", detail.ToJsonString(), request.By.Address);
                return TokenText.NewOperator(id, secret);
            }, cancellationToken);
    }
}
