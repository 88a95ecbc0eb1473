using FluentValidation;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Domain;
using Voltaxe.Hub.Persistence;
using Voltaxe.Hub.Pipeline;

namespace Voltaxe.Hub.Evidence;

/// <summary>An agent announces a file before it sends it, and again to learn how far it got. Another file of the same name replaces the first.</summary>
public static class OfferEvidence
{
    public const int MaxName = 100, MaxKind = 32;

    /// <param name="AgentId">From the credential alone.</param>
    /// <param name="Offer">What it says.</param>
    public sealed record Request(string AgentId, EvidenceOffer Offer) : IRequest<Result<Answer>>;

    /// <param name="Ticket">What to send next.</param>
    /// <param name="IsNew">Nothing of it was known before.</param>
    public sealed record Answer(EvidenceTicket Ticket, bool IsNew);

    /// <summary>Names go into headers, screens and scripts of people: letters and digits, and the few marks that mean nothing to any of them.</summary>
    public sealed class Rules : AbstractValidator<Request>
    {
        public Rules() => RuleFor(r => r.Offer).Custom((offer, context) =>
        {
            Must(offer.Uid != Guid.Empty, "uid", "is required");
            Must(IsName(offer.Name, MaxName), "name", $"must be 1 to {MaxName} characters of A-Z, a-z, 0-9, ., - and _, and begin with a letter or digit");
            Must(IsName(offer.Kind, MaxKind), "kind", $"must be 1 to {MaxKind} characters of A-Z, a-z, 0-9, ., - and _, and begin with a letter or digit");
            Must(offer.Size > 0, "size", "must be at least 1");
            Must(offer.Sha256 is { Length: 64 } && offer.Sha256.All(char.IsAsciiHexDigitLower), "sha256", "must be 64 lower-case hexadecimal characters");

            void Must(bool fits, string field, string text)
            {
                if (!fits)
                    context.AddFailure(field, text);
            }
        });

        private static bool IsName(string? text, int max) => text is { Length: > 0 } && text.Length <= max && char.IsAsciiLetterOrDigit(text[0])
            && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');
    }

    public sealed class Handler(HubStore store, Vault vault, HubOptions options, ILogger<Handler> log) : IRequestHandler<Request, Result<Answer>>
    {
        public async Task<Result<Answer>> Handle(Request request, CancellationToken cancellationToken)
        {
            try
            {
                var (answer, discarded) = await store.WriteAsync((write, ct) => TakeAsync(write, request, ct), cancellationToken);
                if (answer.Refusal is { } refusal)
                    log.NotTaken(request.AgentId, request.Offer.Uid, refusal.Slug);
                if (discarded is not null)
                    Discard(discarded, request.AgentId);
                return answer;
            }
            catch (VaultException e)
            {
                log.VaultFailed(e, request.Offer.Uid.ToString());
                return EvidenceRefusals.Broken;
            }
        }

        /// <summary>Its row is gone for good; a file that stays after all is found by the keeper.</summary>
        private void Discard(string id, string agentId)
        {
            try
            {
                vault.Delete(id);
                log.Discarded(id, agentId);
            }
            catch (VaultException e)
            {
                log.VaultFailed(e, id);
            }
        }

        private async Task<(Result<Answer> Answer, string? Discarded)> TakeAsync(HubWrite write, Request request, CancellationToken ct)
        {
            var (agentId, offer) = request;
            var agent = await write.LockAgentAsync(agentId, ct);
            if (agent is null || agent.RevokedAt is not null)
                return Refuse(EvidenceRefusals.Revoked);
            var command = await write.Db.Commands.AsNoTracking().SingleOrDefaultAsync(c => c.Uid == offer.Uid, ct);
            if (EvidenceRefusals.Of(command, agentId) is { } refusal)
                return Refuse(refusal);
            var known = await write.Db.Evidence.SingleOrDefaultAsync(e => e.CommandId == command!.Id && e.Name == offer.Name && e.ReplacedAt == null, ct);
            if (known?.IsSame(offer.Size, offer.Sha256) == true)
                return (new Answer(new EvidenceTicket(known.Id, known.Received), IsNew: false), null);

            string? discarded = null;
            if (known is { IsComplete: true })
            {
                known.Replace(write.Now);
                write.Audit($"agent:{agentId}", "evidence_replaced", $"evidence:{known.Id}", "kept");
            }
            else if (known is not null)
            {
                write.Db.Evidence.Remove(known);
                discarded = known.Id;
            }
            if (await OverLimitAsync(write.Db, command!, offer, discarded, ct) is { } limit)
                return Refuse(limit);
            if (vault.FreeBytes - offer.Size < options.Evidence.FreeSpaceFloor)
                return Refuse(EvidenceRefusals.Full);
            var file = new EvidenceFile
            {
                Id = Vault.NewId(write.Now),
                CommandId = command!.Id,
                CommandUid = command.Uid,
                AgentId = agentId,
                Hostname = command.Hostname,
                Name = offer.Name,
                Kind = offer.Kind,
                Size = offer.Size,
                Sha256 = offer.Sha256,
                CreatedAt = write.Now,
                UpdatedAt = write.Now,
            };
            write.Db.Evidence.Add(file);
            return (new Answer(new EvidenceTicket(file.Id, 0), IsNew: true), discarded);

            (Result<Answer>, string?) Refuse(Refusal why) => (write.Abandon<Result<Answer>>(why), null);
        }

        /// <summary>What is announced counts whole while it may still come; of what was broken off, what lies on the disk.</summary>
        private async Task<Refusal?> OverLimitAsync(HubDb db, Command command, EvidenceOffer offer, string? discarded, CancellationToken ct)
        {
            var limits = options.Evidence;
            var held = await (from e in db.Evidence.AsNoTracking()
                              join c in db.Commands on e.CommandId equals c.Id
                              where e.AgentId == command.AgentId && e.Id != discarded
                              select new { e.CommandId, Bytes = c.Status == CommandStatus.Delivered || c.Status == CommandStatus.Unknown ? e.Size : e.Received }).ToListAsync(ct);
            var mine = held.Where(h => h.CommandId == command.Id).ToList();
            return mine.Count >= limits.MaxFilesPerCommand ? Over($"A command may have at most {limits.MaxFilesPerCommand} files of evidence.")
                : offer.Size > limits.MaxBytesPerCommand - mine.Sum(h => h.Bytes) ? Over($"The evidence of a command may have at most {limits.MaxBytesPerCommand} bytes.")
                : offer.Size > limits.MaxBytesPerAgent - held.Sum(h => h.Bytes) ? Over($"The evidence of an agent may have at most {limits.MaxBytesPerAgent} bytes.")
                : null;

            static Refusal Over(string detail) => new(413, "evidence_limit", detail);
        }
    }
}
