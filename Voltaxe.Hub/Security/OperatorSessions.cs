using System.Security.Claims;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Voltaxe.Contracts.Crypto;
using Voltaxe.Contracts.Json;
using Voltaxe.Hub.Persistence;

namespace Voltaxe.Hub.Security;

/// <summary>The sessions of people at the dashboard: begun by signing in, ended by signing out, by time, or by a change of the user.</summary>
public sealed class OperatorSessions(HubStore store, HubOptions options, UserSeals seals, IOptions<IdentityOptions> identity)
{
    /// <summary>Names the session in the cookie.</summary>
    public const string Claim = "vtx:session";

    /// <summary>What is done more often than this is not written down each time.</summary>
    private static readonly TimeSpan Coarseness = TimeSpan.FromSeconds(30);

    public Task<string> BeginAsync(string userId, CancellationToken ct) => store.WriteAsync((write, _) =>
    {
        var session = new OperatorSession { Id = Base64UrlText.Encode(RandomNumberGenerator.GetBytes(16)), UserId = userId, CreatedAt = write.Now, LastSeenAt = write.Now };
        write.Db.Sessions.Add(session);
        return Task.FromResult(session.Id);
    }, ct);

    /// <summary>The person signs out: the session ends in every tab, and in every copy of its cookie.</summary>
    public async Task EndAsync(ClaimsPrincipal user, CancellationToken ct)
    {
        if (user.FindFirstValue(Claim) is { } id)
            await store.WriteAsync((write, c) => write.Db.Sessions.Where(s => s.Id == id && s.EndedAt == null).ExecuteUpdateAsync(s => s.SetProperty(x => x.EndedAt, write.Now), c), ct);
    }

    /// <summary>
    /// The session stands, its time is not over, and the user is who signed in: same stamp (which a changed password changes), same role,
    /// both under their seals.
    /// </summary>
    /// <param name="active">The person has just done something: then the session is idle from now on.</param>
    /// <exception cref="StorageUnavailableException">Nobody can say.</exception>
    public async Task<bool> StandsAsync(ClaimsPrincipal user, bool active, CancellationToken ct)
    {
        if (user.FindFirstValue(Claim) is not { } id || user.FindFirstValue(identity.Value.ClaimsIdentity.UserIdClaimType) is not { } userId)
            return false;
        var now = store.Clock.Now;
        var (session, found) = await store.ReadAsync(async (db, c) => (
            await db.Sessions.SingleOrDefaultAsync(s => s.Id == id && s.UserId == userId, c), await db.Users.SingleOrDefaultAsync(u => u.Id == userId, c)), ct);
        if (session is not { EndedAt: null } || now >= session.CreatedAt + options.Sessions.Lifetime || now >= session.LastSeenAt + options.Sessions.IdleTimeout)
            return false;
        if (found is null || !seals.RoleHolds(found) || Words.Of(found.Role) != user.FindFirstValue(Principals.RoleClaim)
            || found.SecurityStamp != user.FindFirstValue(identity.Value.ClaimsIdentity.SecurityStampClaimType))
            return false;
        if (active && now - session.LastSeenAt > Coarseness)
            await store.WriteAsync((write, c) => write.Db.Sessions.Where(s => s.Id == id).ExecuteUpdateAsync(s => s.SetProperty(x => x.LastSeenAt, write.Now), c), ct);
        return true;
    }
}
