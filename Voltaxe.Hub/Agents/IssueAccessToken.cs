using MediatR;
using Microsoft.EntityFrameworkCore;
using Voltaxe.Contracts.Crypto;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Persistence;
using Voltaxe.Hub.Pipeline;
using Voltaxe.Hub.Security;

namespace Voltaxe.Hub.Agents;

/// <summary>An agent shows a fresh assertion signed with its key, and gets a token for an hour. Each assertion counts once.</summary>
public static class IssueAccessToken
{
    public static readonly TimeSpan Life = TimeSpan.FromMinutes(60);

    public sealed record Request(TokenRequest Body) : IRequest<Result<TokenReply>>;

    private static readonly Refusal Refused = Refusal.Unauthenticated("The assertion is not valid here and now. Its times must be hub time.");

    public sealed class Handler(HubStore store, HubKeys keys, AgentCredentials credentials) : IRequestHandler<Request, Result<TokenReply>>
    {
        public async Task<Result<TokenReply>> Handle(Request request, CancellationToken cancellationToken)
        {
            if (Assertion.TryRead(request.Body.Assertion, keys.HubId) is not { } assertion)
                return Refused;
            var publicKey = await store.ReadAsync((db, ct) =>
                db.Agents.Where(a => a.Id == assertion.AgentId && a.RevokedAt == null && !a.Legacy).Select(a => a.PublicKey).SingleOrDefaultAsync(ct), cancellationToken);
            using var key = P256.TryImport(publicKey);
            // The id is the key's: a key that another hand put into the row gives nothing.
            if (key is null || AgentIds.From(key) != assertion.AgentId || !assertion.IsSignedBy(key))
                return Refused;
            if (!assertion.IsTimely(store.Clock.Now))
            {
                await store.WriteAsync((write, ct) => NoteClockAsync(write, assertion, ct), cancellationToken);
                return Refused;
            }
            try
            {
                return await store.WriteAsync((write, ct) => IssueAsync(write, assertion, ct), cancellationToken);
            }
            catch (DbUpdateException e) when (e.IsDuplicate())
            {
                return Refused;
            }
        }

        private async Task<Result<TokenReply>> IssueAsync(HubWrite write, Assertion assertion, CancellationToken ct)
        {
            if (await write.Db.UsedAssertions.AnyAsync(u => u.AgentId == assertion.AgentId && u.Jti == assertion.Jti, ct)
                || await write.LockAgentAsync(assertion.AgentId, ct) is not { RevokedAt: null } agent)
                return Refused;
            agent.Clock(assertion.IssuedAt, write.Now, accepted: true);
            write.Db.UsedAssertions.Add(new UsedAssertion { AgentId = assertion.AgentId, Jti = assertion.Jti, ExpiresAt = assertion.ExpiresAt });
            var token = TokenText.NewAccess(assertion.AgentId, WholeSeconds.Up(write.Now + Life));
            write.Db.AgentTokens.Add(credentials.Row(token));
            return new TokenReply(token, (int)Life.TotalSeconds);
        }

        private static async Task<int> NoteClockAsync(HubWrite write, Assertion assertion, CancellationToken ct)
        {
            if (await write.LockAgentAsync(assertion.AgentId, ct) is { RevokedAt: null } agent)
                agent.Clock(assertion.IssuedAt, write.Now, accepted: false);
            return 0;
        }
    }
}
