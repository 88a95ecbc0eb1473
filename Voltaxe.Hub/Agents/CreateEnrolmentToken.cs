using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FluentValidation;
using MediatR;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Operators;
using Voltaxe.Hub.Persistence;
using Voltaxe.Hub.Pipeline;
using Voltaxe.Hub.Security;

namespace Voltaxe.Hub.Agents;

/// <summary>An admin makes a token that lets so many hosts enrol, for so long. Shown once; only a keyed hash is kept.</summary>
public static partial class CreateEnrolmentToken
{
    public const int MaxUses = 1_000, DefaultSeconds = 86_400, MaxSeconds = 2_592_000, MaxTags = 32;

    public sealed record Request(NewEnrolmentToken Body, Caller By) : IRequest<Result<NewEnrolmentTokenReply>>, IOperatorRequest
    {
        public Permission Needs => Permission.Administer;
    }

    public sealed class Rules : AbstractValidator<Request>
    {
        public Rules()
        {
            RuleFor(r => r.Body.Uses).InclusiveBetween(1, MaxUses).OverridePropertyName("uses").WithMessage($"must be a whole number from 1 to {MaxUses}");
            RuleFor(r => r.Body.ExpiresInSeconds).InclusiveBetween(1, MaxSeconds).OverridePropertyName("expires_in_seconds")
                .WithMessage($"must be a whole number from 1 to {MaxSeconds}");
            RuleFor(r => r.Body.Tags).Must(tags => tags is null || tags.Count <= MaxTags && tags.All(t => t is not null && Tag().IsMatch(t)))
                .OverridePropertyName("tags").WithMessage($"must be at most {MaxTags} words of letters, digits and '-._:', 1 to 64 each");
        }
    }

    public sealed class Handler(HubStore store, HubKeys keys) : IRequestHandler<Request, Result<NewEnrolmentTokenReply>>
    {
        public Task<Result<NewEnrolmentTokenReply>> Handle(Request request, CancellationToken cancellationToken) =>
            store.WriteAsync<Result<NewEnrolmentTokenReply>>((write, _) =>
            {
                var uses = request.Body.Uses ?? 1;
                var life = TimeSpan.FromSeconds(request.Body.ExpiresInSeconds ?? DefaultSeconds);
                var expiresAt = WholeSeconds.Up(write.Now + life);
                var token = TokenText.NewEnrolment(keys.CommandKeyId, expiresAt);
                write.Db.EnrolmentTokens.Add(new EnrolmentToken
                {
                    Hash = Enrol.HashOf(keys, token),
                    UsesLeft = uses,
                    ExpiresAt = expiresAt,
                    CreatedAt = write.Now,
                    CreatedBy = request.By.Name,
                    Tags = JsonSerializer.Serialize([.. (request.Body.Tags ?? []).Distinct(StringComparer.Ordinal)], WireJson.Default.StringArray),
                });
                var detail = new JsonObject { ["uses"] = uses, ["expires_at"] = WireTime.ToText(expiresAt) };
                write.Audit(request.By.Actor, "enrolment_token_created", "enrolment_token", "done", detail.ToJsonString(), request.By.Address);
                return Task.FromResult<Result<NewEnrolmentTokenReply>>(new NewEnrolmentTokenReply(token, expiresAt));
            }, cancellationToken);
    }

    [GeneratedRegex(@"^[A-Za-z0-9._:-]{1,64}\z")]
    private static partial Regex Tag();
}
