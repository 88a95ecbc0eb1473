using System.Text.Json.Nodes;
using FluentValidation;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Voltaxe.Contracts.Json;
using Voltaxe.Hub.Persistence;
using Voltaxe.Hub.Pipeline;
using Voltaxe.Hub.Security;

namespace Voltaxe.Hub.Accounts;

/// <summary>An admin makes a user without a password; the answer is the token of a one-time link with which that person sets one.</summary>
public static class CreateUser
{
    public sealed record Request(string Name, Role Role, Caller By) : IRequest<Result<string>>, IOperatorRequest
    {
        public Permission Needs => Permission.Administer;
    }

    public sealed class Rules : AbstractValidator<Request>
    {
        public Rules() => RuleFor(r => r.Name).Must(Names.Fits).OverridePropertyName("name").WithMessage(Names.Rule);
    }

    public sealed class Handler(HubStore store, UserSeals seals) : IRequestHandler<Request, Result<string>>
    {
        private static readonly Refusal Taken = Refusal.Conflict("name_taken", "A user has this name.");

        public async Task<Result<string>> Handle(Request request, CancellationToken cancellationToken)
        {
            try
            {
                return await store.WriteAsync<Result<string>>(async (write, ct) =>
                {
                    var key = Users.KeyOf(request.Name);
                    if (await write.Db.Users.AnyAsync(u => u.NormalizedUserName == key, ct))
                        return Taken;
                    var user = Users.New(request.Name, request.Role, seals);
                    var token = OneTimeLink.Give(user, seals, write.Now);
                    write.Db.Users.Add(user);
                    var detail = new JsonObject { ["role"] = Words.Of(request.Role) };
                    write.Audit(request.By.Actor, "user_created", "user:" + request.Name, "done", detail.ToJsonString(), request.By.Address);
                    return token;
                }, cancellationToken);
            }
            catch (DbUpdateException e) when (e.IsDuplicate())
            {
                return Taken;
            }
        }
    }
}
