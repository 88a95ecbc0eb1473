using System.Text.Json.Nodes;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Voltaxe.Hub.Domain;
using Voltaxe.Hub.Persistence;
using Voltaxe.Hub.Pipeline;

namespace Voltaxe.Hub.Evidence;

/// <summary>An operator takes a copy. Who, when and what stands in the trail before the first byte goes out; also when there was none to give.</summary>
public static class DownloadEvidence
{
    public sealed record Request(Caller By, string Id) : IRequest<Result<Answer>>, IOperatorRequest
    {
        public Permission Needs => Permission.ReadEvidence;
    }

    /// <param name="Content">Whoever gets it closes it.</param>
    /// <param name="FileName">Host, command and what the agent called it: letters, digits, and <c>.-_</c>.</param>
    /// <param name="Sha256">Of the whole.</param>
    /// <param name="At">When it was complete.</param>
    public sealed record Answer(Stream Content, string FileName, string Sha256, DateTimeOffset At);

    public sealed class Handler(HubStore store, Vault vault, ILogger<Handler> log) : IRequestHandler<Request, Result<Answer>>
    {
        public async Task<Result<Answer>> Handle(Request request, CancellationToken cancellationToken)
        {
            var evidence = !Vault.IsId(request.Id) ? null
                : await store.ReadAsync((db, ct) => db.Evidence.SingleOrDefaultAsync(e => e.Id == request.Id, ct), cancellationToken);
            if (evidence is null)
                return EvidenceRefusals.Unknown;
            if (!evidence.IsComplete)
            {
                await NoteAsync(request, evidence, "refused", "incomplete", cancellationToken);
                return Refusal.Conflict("evidence_incomplete", $"Only {evidence.Received} of {evidence.Size} bytes are here.");
            }
            var content = Open(evidence);
            try
            {
                await NoteAsync(request, evidence, content is null ? "refused" : "done", content is null ? "missing" : null, cancellationToken);
            }
            catch
            {
                if (content is not null)
                    await content.DisposeAsync();
                throw;
            }
            return content is null
                ? EvidenceRefusals.Broken
                : new Answer(content, $"{evidence.Hostname}-{evidence.CommandId}-{evidence.Name}", evidence.Sha256, evidence.CompletedAt!.Value);
        }

        /// <summary>Null when the vault does not hold it as it came.</summary>
        private FileStream? Open(EvidenceFile evidence)
        {
            try
            {
                var content = vault.OpenRead(evidence.Id);
                if (content.Length == evidence.Size)
                    return content;
                content.Dispose();
                log.Missing(null, evidence.Id);
            }
            catch (VaultException e)
            {
                log.Missing(e, evidence.Id);
            }
            return null;
        }

        private Task<int> NoteAsync(Request request, EvidenceFile evidence, string outcome, string? why, CancellationToken ct) => store.WriteAsync((write, _) =>
        {
            var detail = new JsonObject
            {
                ["command"] = evidence.CommandId,
                ["host"] = evidence.Hostname,
                ["name"] = evidence.Name,
                ["size"] = evidence.Size,
                ["sha256"] = evidence.Sha256,
            };
            if (why is not null)
                detail["why"] = why;
            write.Audit(request.By.Actor, "evidence_downloaded", $"evidence:{evidence.Id}", outcome, detail.ToJsonString(), request.By.Address);
            return Task.FromResult(0);
        }, ct);
    }
}
