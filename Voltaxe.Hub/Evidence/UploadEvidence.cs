using MediatR;
using Microsoft.EntityFrameworkCore;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Domain;
using Voltaxe.Hub.Persistence;
using Voltaxe.Hub.Pipeline;

namespace Voltaxe.Hub.Evidence;

/// <summary>
/// The next bytes of a file. First they are on the disk, then they are promised: write, fsync, commit. With the last of them the whole
/// file is read again and its SHA-256 compared.
/// </summary>
public static class UploadEvidence
{
    /// <param name="AgentId">From the credential alone.</param>
    /// <param name="Id">From the address; hostile.</param>
    /// <param name="Offset">Where the body begins, as the agent believes.</param>
    /// <param name="Body">The bytes, read while they come.</param>
    /// <param name="Length">How many were announced, if they were.</param>
    public sealed record Request(string AgentId, string Id, long Offset, Stream Body, long? Length) : IRequest<Result<Answer>>;

    /// <param name="Offset">What is promised now: where the next body must begin.</param>
    /// <param name="Refusal">Why nothing was taken; null when all was.</param>
    public sealed record Answer(long Offset, Refusal? Refusal = null);

    public sealed class Handler(HubStore store, Vault vault, HubOptions options, ILogger<Handler> log) : IRequestHandler<Request, Result<Answer>>
    {
        public async Task<Result<Answer>> Handle(Request request, CancellationToken cancellationToken)
        {
            try
            {
                return await TakeAsync(request, cancellationToken);
            }
            catch (VaultException e)
            {
                log.VaultFailed(e, request.Id);
                return e.IsFull ? EvidenceRefusals.Full : EvidenceRefusals.Broken;
            }
        }

        private async Task<Result<Answer>> TakeAsync(Request request, CancellationToken ct)
        {
            if (await FindAsync(request, ct) is { Refusal: { } unknown })
                return unknown;
            await using var file = vault.TryOpen(request.Id);
            if (file is null)
                return EvidenceRefusals.Busy;
            // Looked up again now that nobody else writes: what another upload promised meanwhile counts.
            var found = await FindAsync(request, ct);
            if (found.IsRefused)
            {
                if (found.Refusal == EvidenceRefusals.Unknown)
                    vault.Delete(request.Id); // Discarded between the look and the opening, which made the file anew.
                return found;
            }
            var promised = found.Value.Offset;
            if (found.Value.Refusal is null && file.Length < promised)
            {
                log.DiskLost(request.Id, promised, file.Length);
                promised = await FallBackAsync(request, file.Length, ct);
            }
            if (found.Value.Refusal is not null || request.Offset != promised)
                return new Answer(promised, found.Value.Refusal ?? WrongOffset);

            var evidence = await store.ReadAsync((db, c) => db.Evidence.SingleOrDefaultAsync(e => e.Id == request.Id, c), ct);
            if (evidence is null)
                return EvidenceRefusals.Unknown;
            var most = Math.Min(AgentRoutes.MaxUploadBytes, evidence.Size - promised);
            if (request.Length > most)
                return new Answer(promised, TooLong(most));
            if (vault.FreeBytes - (request.Length ?? most) < options.Evidence.FreeSpaceFloor)
                return new Answer(promised, EvidenceRefusals.Full);

            file.CutTo(promised); // A hub that died left more than it had promised.
            var written = await file.CopyAsync(request.Body, promised, most, ct);
            if (written > most)
                return new Answer(promised, TooLong(most));
            file.FlushToDisk();
            if (promised == 0)
                vault.SyncNames();
            // All bytes are here: from now on it is finished even if nobody waits for the answer.
            var whole = promised + written;
            var matches = whole < evidence.Size || await file.HashAsync() == evidence.Sha256;
            return await store.WriteAsync((write, c) => PromiseAsync(write, request, whole, matches, c), CancellationToken.None);
        }

        /// <summary>What is promised, with a refusal where nothing more is taken; refused when this agent has no such evidence.</summary>
        private Task<Result<Answer>> FindAsync(Request request, CancellationToken ct) => store.ReadAsync<Result<Answer>>(async (db, c) =>
        {
            if (!Vault.IsId(request.Id) || await db.Evidence.SingleOrDefaultAsync(e => e.Id == request.Id && e.AgentId == request.AgentId, c) is not { } evidence)
                return EvidenceRefusals.Unknown;
            var command = await db.Commands.SingleAsync(x => x.Id == evidence.CommandId, c);
            return new Answer(evidence.Received, EvidenceRefusals.Of(command, request.AgentId) ?? (evidence.IsComplete ? WrongOffset : null));
        }, ct);

        private Task<long> FallBackAsync(Request request, long length, CancellationToken ct) => store.WriteAsync(async (write, c) =>
        {
            await write.LockAgentAsync(request.AgentId, c);
            var evidence = await write.Db.Evidence.SingleAsync(e => e.Id == request.Id, c);
            if (length < evidence.Received)
                evidence.FallBackTo(length, write.Now);
            return evidence.Received;
        }, ct);

        private async Task<Result<Answer>> PromiseAsync(HubWrite write, Request request, long whole, bool matches, CancellationToken ct)
        {
            var agent = await write.LockAgentAsync(request.AgentId, ct);
            if (agent is null || agent.RevokedAt is not null)
                return write.Abandon<Result<Answer>>(EvidenceRefusals.Revoked);
            if (await write.Db.Evidence.SingleOrDefaultAsync(e => e.Id == request.Id, ct) is not { } evidence)
                return write.Abandon<Result<Answer>>(EvidenceRefusals.Unknown);
            var command = await write.Db.Commands.AsNoTracking().SingleAsync(c => c.Id == evidence.CommandId, ct);
            if (EvidenceRefusals.Of(command, request.AgentId) is { } ended)
                return write.Abandon<Result<Answer>>(new Answer(evidence.Received, ended));
            if (evidence.Received != request.Offset)
                return write.Abandon<Result<Answer>>(new Answer(evidence.Received, WrongOffset));
            if (!matches)
            {
                evidence.FallBackTo(0, write.Now);
                var once = $"{evidence.Id}/mismatch";
                if (!await write.Db.Audit.AnyAsync(a => a.Once == once, ct))
                    write.Audit($"agent:{request.AgentId}", "evidence_mismatch", $"evidence:{evidence.Id}", "refused", once: once);
                return new Answer(0, Mismatch);
            }
            evidence.Promise(whole, write.Now);
            if (evidence.IsComplete)
                write.Audit($"agent:{request.AgentId}", "evidence_complete", $"evidence:{evidence.Id}", "done",
                    $$"""{"command":{{evidence.CommandId}},"name":"{{evidence.Name}}","size":{{evidence.Size}},"sha256":"{{evidence.Sha256}}"}""");
            return new Answer(evidence.Received);
        }
    }

    private static Refusal WrongOffset { get; } = Refusal.Conflict("wrong_offset", "Upload-Offset is not where the next byte must go; the answer's Upload-Offset is.");

    private static Refusal Mismatch { get; } = new(422, "hash_mismatch", "All bytes came, and their SHA-256 is not the announced one. It starts over.");

    private static Refusal TooLong(long most) => new(413, "too_large", $"The body may have at most {most} bytes here.");
}
