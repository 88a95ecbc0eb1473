using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Voltaxe.Contracts.Crypto;

namespace Voltaxe.Hub.Security;

/// <summary>
/// What tokens look like. Whose a token is and until when stands in the token itself, under the keyed hash that the database holds:
/// a row that was edited or written by another hand then contradicts the token, or no token at all.
/// </summary>
public static partial class TokenText
{
    /// <summary>256 random bits.</summary>
    public static string NewSecret() => Base64UrlText.Encode(RandomNumberGenerator.GetBytes(32));

    public static string NewId() => AgentIds.Encode(RandomNumberGenerator.GetBytes(10));

    /// <param name="agentId">Whose it is.</param>
    /// <param name="expiresAt">Whole seconds.</param>
    public static string NewAccess(string agentId, DateTimeOffset expiresAt) => $"vtx_agt_{agentId[2..]}_{Seconds(expiresAt)}_{NewSecret()}";

    public static string NewLegacy(string agentId) => $"vtx_leg_{agentId[2..]}_{NewSecret()}";

    /// <param name="fingerprint">Of the command key, so that the agent knows whom to pin.</param>
    /// <param name="expiresAt">Whole seconds.</param>
    public static string NewEnrolment(string fingerprint, DateTimeOffset expiresAt) => $"vtx_enr_{NewSecret()}{Seconds(expiresAt)}.{fingerprint}";

    public static string NewOperator(string id, string secret) => $"vtx_pat_{id}_{secret}";

    public static string NewOnce(string userId) => $"vtx_once_{userId}_{NewSecret()}";

    public static bool TryReadAgent(string token, out AgentTokenParts parts)
    {
        parts = default;
        if (Access().Match(token) is { Success: true } access)
            parts = new("a-" + access.Groups[1].Value, Time(access.Groups[2].Value), Legacy: false);
        else if (Legacy().Match(token) is { Success: true } legacy)
            parts = new("a-" + legacy.Groups[1].Value, null, Legacy: true);
        return parts.AgentId is not null;
    }

    public static bool TryReadOperator(string token, out string id, out string secret)
    {
        var match = Operator().Match(token);
        (id, secret) = (match.Groups[1].Value, match.Groups[2].Value);
        return match.Success;
    }

    /// <summary>When an enrolment token ends.</summary>
    public static bool TryReadEnrolment(string? token, out DateTimeOffset expiresAt)
    {
        var match = Enrolment().Match(token ?? "");
        expiresAt = match.Success ? Time(match.Groups[1].Value) : default;
        return match.Success;
    }

    /// <summary>The user that a one-time link is for.</summary>
    public static bool TryReadOnce(string? token, out string userId)
    {
        var match = Once().Match(token ?? "");
        userId = match.Groups[1].Value;
        return match.Success;
    }

    private static string Seconds(DateTimeOffset time) => time.ToUnixTimeSeconds().ToString("D11", CultureInfo.InvariantCulture);

    private static DateTimeOffset Time(string seconds) => DateTimeOffset.FromUnixTimeSeconds(long.Parse(seconds, CultureInfo.InvariantCulture));

    [GeneratedRegex(@"^vtx_agt_([a-z2-7]{26})_([0-9]{11})_[A-Za-z0-9_-]{43}\z")]
    private static partial Regex Access();

    [GeneratedRegex(@"^vtx_leg_([a-z2-7]{26})_[A-Za-z0-9_-]{43}\z")]
    private static partial Regex Legacy();

    [GeneratedRegex(@"^vtx_pat_([a-z2-7]{16})_([A-Za-z0-9_-]{43})\z")]
    private static partial Regex Operator();

    [GeneratedRegex(@"^vtx_enr_[A-Za-z0-9_-]{43}([0-9]{11})\.[A-Za-z0-9_-]{16}\z")]
    private static partial Regex Enrolment();

    [GeneratedRegex(@"^vtx_once_([0-9a-f-]{36})_[A-Za-z0-9_-]{43}\z")]
    private static partial Regex Once();
}

/// <summary>What an agent's token says of itself.</summary>
public readonly record struct AgentTokenParts(string AgentId, DateTimeOffset? ExpiresAt, bool Legacy);
