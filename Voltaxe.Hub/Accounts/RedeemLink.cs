using MediatR;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Voltaxe.Hub.Persistence;
using Voltaxe.Hub.Pipeline;
using Voltaxe.Hub.Security;

namespace Voltaxe.Hub.Accounts;

/// <summary>A person uses a one-time link; who has no password yet sets it with the same step. The answer is the user's id.</summary>
public static class RedeemLink
{
    public const int ShortestPassword = 12, LongestPassword = 256;

    public sealed record Request(string? Token, string? NewPassword, string? RepeatPassword, string? Address) : IRequest<Result<string>>;

    private static readonly Refusal Invalid = new(401, "link_invalid", "The link is not known, used or expired.");

    public sealed class Handler(HubStore store, UserSeals seals, IPasswordHasher<HubUser> hasher) : IRequestHandler<Request, Result<string>>
    {
        public Task<Result<string>> Handle(Request request, CancellationToken cancellationToken) =>
            !TokenText.TryReadOnce(request.Token, out var userId)
                ? Task.FromResult<Result<string>>(Invalid)
                : store.WriteAsync<Result<string>>(async (write, ct) =>
                {
                    var user = await write.Db.Users.SingleOrDefaultAsync(u => u.Id == userId, ct);
                    if (user is null || !seals.RoleHolds(user) || !seals.LinkHolds(user, request.Token!, write.Now))
                        return Invalid;
                    var sets = user.PasswordHash is null || request.NewPassword is { Length: > 0 };
                    if (sets && FaultOf(request) is { } slug)
                        return new Refusal(400, slug, "The new password does not fit.");
                    if (sets)
                        user.PasswordHash = hasher.HashPassword(user, request.NewPassword!);
                    (user.OnceHash, user.OnceExpiresAt) = (null, null);
                    (user.AccessFailedCount, user.LockoutEnd) = (0, null);
                    // Whoever was signed in before is not any more; of two that post at once, one wins.
                    user.SecurityStamp = Guid.NewGuid().ToString("N");
                    user.ConcurrencyStamp = Guid.NewGuid().ToString("N");
                    write.Audit("operator:" + user.UserName, sets ? "password_set" : "link_used", "user:" + user.UserName, "done", null, request.Address);
                    return user.Id;
                }, cancellationToken);

        private static string? FaultOf(Request request) => request.NewPassword switch
        {
            null or "" => "password_needed",
            { Length: < ShortestPassword } => "password_too_short",
            { Length: > LongestPassword } => "password_too_long",
            var password when password != request.RepeatPassword => "passwords_differ",
            _ => null,
        };
    }
}
