using System.Text.Json.Nodes;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Voltaxe.Contracts.Crypto;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Domain;
using Voltaxe.Hub.Persistence;
using Voltaxe.Hub.Pipeline;
using Voltaxe.Hub.Security;

namespace Voltaxe.Hub.Agents;

/// <summary>
/// A host brings a token and its public key, proves that it has the private one, and becomes an agent. The same again, in the token's
/// life, gets the same answer: the first answer may have been lost. A refusal uses nothing up.
/// </summary>
public static class Enrol
{
    public sealed record Request(EnrolRequest Body, string? Address) : IRequest<Result<EnrolReply>>;

    private static readonly Refusal BadToken = Refusal.Unauthenticated("The enrolment token is not known, used up or expired.");
    private static readonly Refusal RevokedKey = new(403, "key_revoked", "This key was revoked; enrol with a new one.");
    private static readonly Refusal OtherName = Refusal.Conflict("already_enrolled", "This key is enrolled already, with another token or under another name.");

    public static string HashOf(HubKeys keys, string token) => keys.Seal("enrolment_token", token);

    public sealed class Handler(HubStore store, HubKeys keys, HubOptions options, AgentRevocations revocations) : IRequestHandler<Request, Result<EnrolReply>>
    {
        public async Task<Result<EnrolReply>> Handle(Request request, CancellationToken cancellationToken)
        {
            var body = request.Body;
            if (!TokenText.TryReadEnrolment(body.Token, out var expiresAt) || expiresAt <= store.Clock.Now)
                return BadToken;
            var hash = HashOf(keys, body.Token!);
            if (!await store.ReadAsync((db, ct) => db.EnrolmentTokens.AnyAsync(t => t.Hash == hash, ct), cancellationToken))
                return BadToken;
            if (EnrolmentFaults.Of(body, out var agentId) is { Count: > 0 } faults)
                return Refusal.Invalid(faults);
            var wanted = new Wanted(hash, expiresAt, agentId, body, request.Address);
            var outcome = await WriteAsync(wanted, cancellationToken);
            if (outcome.Refusal is null && outcome.Value.Replaced is { } replaced)
                revocations.Announce(replaced);
            return outcome.Map(_ => new EnrolReply(agentId, keys.HubId, [new(keys.CommandKeyId, keys.CommandPublicKey)], options.PollSeconds));
        }

        private async Task<Result<Done>> WriteAsync(Wanted wanted, CancellationToken ct)
        {
            try
            {
                return await store.WriteAsync((write, c) => EnrolAsync(write, wanted, c), ct);
            }
            catch (DbUpdateException e) when (e.IsDuplicate())
            {
                // Another token brought the same name or key at the same moment; now it can be seen.
                return await store.WriteAsync((write, c) => EnrolAsync(write, wanted, c), ct);
            }
        }

        private static async Task<Result<Done>> EnrolAsync(HubWrite write, Wanted wanted, CancellationToken ct)
        {
            var (hash, expiresAt, agentId, body, address) = wanted;
            if (await LockTokenAsync(write.Db, hash, ct) is not { } token || token.ExpiresAt != expiresAt || expiresAt <= write.Now)
                return BadToken;
            var hostnameKey = HostNames.KeyOf(body.Hostname!);
            var before = await write.Db.Enrolments.SingleOrDefaultAsync(e => e.TokenHash == hash && e.AgentId == agentId, ct);
            if (token.UsesLeft == 0 && before is null)
                return BadToken;
            if (await write.LockAgentAsync(agentId, ct) is { } known)
                return known.RevokedAt is not null ? RevokedKey : before?.HostnameKey == hostnameKey ? new Done(null) : OtherName;
            var holder = await write.Db.Agents.Where(a => a.HostnameKey == hostnameKey && a.RevokedAt == null).Select(a => a.Id).SingleOrDefaultAsync(ct);
            if (holder is not null)
            {
                if (await write.LockAgentAsync(holder, ct) is not { RevokedAt: null, MayBeReplaced: true } old)
                    return HostNames.Taken;
                await Retirement.ApplyAsync(write, old, "agent:" + agentId, "replaced", ct);
            }
            token.UsesLeft--;
            write.Db.Enrolments.Add(new Enrolment { TokenHash = hash, AgentId = agentId, HostnameKey = hostnameKey, At = write.Now });
            write.Db.Agents.Add(new Agent
            {
                Id = agentId,
                Hostname = body.Hostname!,
                HostnameKey = hostnameKey,
                PublicKey = body.PublicKey,
                EnrolledAt = write.Now,
                Os = body.Os,
                Version = body.Version,
                Tags = token.Tags,
            });
            var detail = new JsonObject { ["hostname"] = body.Hostname, ["token_by"] = token.CreatedBy, ["replaces"] = holder };
            write.Audit("agent:" + agentId, "agent_enrolled", "agent:" + agentId, "done", detail.ToJsonString(), address);
            return new Done(holder);
        }

        /// <summary>Held to the end of the transaction: of fifty at once, each sees what the one before it left.</summary>
        private static Task<EnrolmentToken?> LockTokenAsync(HubDb db, string hash, CancellationToken ct) => db.Database.IsNpgsql()
            ? db.EnrolmentTokens.FromSql($"SELECT * FROM enrolment_tokens WHERE hash = {hash} FOR UPDATE").SingleOrDefaultAsync(ct)
            : db.EnrolmentTokens.SingleOrDefaultAsync(t => t.Hash == hash, ct);
    }

    private sealed record Wanted(string TokenHash, DateTimeOffset ExpiresAt, string AgentId, EnrolRequest Body, string? Address);

    /// <param name="Replaced">The agent that lost its name to the newcomer.</param>
    private sealed record Done(string? Replaced);
}
