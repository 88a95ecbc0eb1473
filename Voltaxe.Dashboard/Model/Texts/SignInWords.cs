namespace Voltaxe.Dashboard.Model.Texts;

/// <summary>The words for the slugs that sign-in pages get in their address. What is not in this table is never shown.</summary>
public static class SignInWords
{
    private static readonly Dictionary<string, string> Errors = new(StringComparer.Ordinal)
    {
        ["credentials"] = "User name or password is wrong.",
        ["locked"] = "Too many attempts. Wait a few minutes, then try again.",
        ["disabled"] = "This account is switched off. Ask an administrator.",
        ["link"] = "This sign-in link has been used or has run out. Ask for a new one.",
        ["password_mismatch"] = "The two passwords are not the same.",
        ["password_weak"] = "The password is too weak: use at least 12 characters.",
        ["form"] = "The form was too old. Send it again.",
        ["session"] = "Your session has ended. Sign in again.",
    };

    private static readonly Dictionary<string, string> Notices = new(StringComparer.Ordinal)
    {
        ["signed_out"] = "You are signed out.",
        ["password_set"] = "Your password is set. Sign in with it.",
    };

    public static string? Error(string? slug) =>
        string.IsNullOrEmpty(slug) ? null : Errors.GetValueOrDefault(slug, "Sign-in did not work. Try again.");

    public static string? Notice(string? slug) => string.IsNullOrEmpty(slug) ? null : Notices.GetValueOrDefault(slug);

    /// <summary>Only a path of this site: anything else would make the sign-in page a door to somebody else's.</summary>
    public static string LocalPath(string? path) =>
        path is ['/', ..] and not ['/', '/' or '\\', ..] && !path.Any(c => char.IsControl(c) || c == '\\') ? path : "/";
}
