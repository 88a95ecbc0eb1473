using Voltaxe.Hub.Security;

namespace Voltaxe.Hub.Accounts;

/// <summary>A link that signs a person in once, and lets one without a password set it. Opening it uses nothing up; only the form does.</summary>
public static class OneTimeLink
{
    public static readonly TimeSpan Life = TimeSpan.FromHours(24);

    /// <summary>Puts a fresh one into the row and returns its token; an older one ends.</summary>
    public static string Give(HubUser user, UserSeals seals, DateTimeOffset now)
    {
        var token = TokenText.NewOnce(user.Id);
        user.OnceExpiresAt = now + Life;
        user.OnceHash = seals.OfLink(user, token, now + Life);
        user.ConcurrencyStamp = Guid.NewGuid().ToString("N");
        return token;
    }

    /// <param name="baseUrl">As <c>http://127.0.0.1:8080</c>.</param>
    /// <param name="token">Of <see cref="Give"/>.</param>
    /// <param name="setup">The person has no password yet.</param>
    public static string Url(string baseUrl, string token, bool setup) =>
        $"{baseUrl.TrimEnd('/')}/sign-in/once?token={Uri.EscapeDataString(token)}{(setup ? "&setup=true" : "")}";
}
