using Microsoft.AspNetCore.Identity;

namespace Voltaxe.Hub.Security;

/// <summary>Spends the time of a password check where there is no password to check.</summary>
public sealed class PasswordDecoy(IPasswordHasher<HubUser> hasher)
{
    private readonly HubUser nobody = new() { Id = "nobody" };
    private string? hash;

    public void Spend(string password) =>
        hasher.VerifyHashedPassword(nobody, hash ??= hasher.HashPassword(nobody, TokenText.NewSecret()), password);
}
