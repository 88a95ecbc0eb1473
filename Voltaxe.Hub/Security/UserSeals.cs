using System.Globalization;
using Microsoft.AspNetCore.Identity;
using Voltaxe.Contracts.Json;

namespace Voltaxe.Hub.Security;

/// <summary>Binds to a user's row what gives rights: a role, a one-time link. Who edits the row breaks the seal.</summary>
public sealed class UserSeals(HubKeys keys)
{
    public string OfRole(HubUser user) => keys.Seal(RoleParts(user));

    public bool RoleHolds(HubUser user) => keys.SealHolds(user.RoleSeal, RoleParts(user));

    public string OfLink(HubUser user, string token, DateTimeOffset expiresAt) => keys.Seal(LinkParts(user, token, expiresAt));

    public bool LinkHolds(HubUser user, string token, DateTimeOffset now) =>
        user.OnceExpiresAt is { } expiresAt && expiresAt > now && keys.SealHolds(user.OnceHash, LinkParts(user, token, expiresAt));

    private static string?[] RoleParts(HubUser user) => ["user_role", user.Id, user.UserName, Words.Of(user.Role)];

    private static string?[] LinkParts(HubUser user, string token, DateTimeOffset expiresAt) =>
        ["user_link", user.Id, expiresAt.UtcTicks.ToString(CultureInfo.InvariantCulture), token];
}

/// <summary>The framework's password hash under a seal that names its user: a hash that was written or copied by another hand opens nothing.</summary>
public sealed class SealedPasswordHasher(HubKeys keys) : IPasswordHasher<HubUser>
{
    private readonly PasswordHasher<HubUser> inner = new();

    public string HashPassword(HubUser user, string password)
    {
        var hash = inner.HashPassword(user, password);
        return $"{keys.Seal("password", user.Id, hash)}.{hash}";
    }

    public PasswordVerificationResult VerifyHashedPassword(HubUser user, string hashedPassword, string providedPassword) =>
        hashedPassword.Split('.', 2) is [var seal, var hash] && keys.SealHolds(seal, "password", user.Id, hash)
            ? inner.VerifyHashedPassword(user, hash, providedPassword)
            : PasswordVerificationResult.Failed;
}
