using System.Security.Claims;

namespace Voltaxe.Dashboard.Model.Ordering;

/// <summary>What the signed-in person may do. It shapes the screen only; the hub decides again, for every request.</summary>
public sealed record Rights(string Role, bool CanOrder, bool CanRestore, bool CanCancel)
{
    /// <summary>The claim that the hub signs people in with.</summary>
    public const string RoleClaim = "role";

    public static Rights None { get; } = new("none", false, false, false);

    public static Rights Of(ClaimsPrincipal? user)
    {
        var roles = user?.Claims
            .Where(c => c.Type is RoleClaim or ClaimTypes.Role)
            .Select(c => c.Value.ToLowerInvariant())
            .ToHashSet(StringComparer.Ordinal) ?? [];
        return roles.Contains("admin") ? new("admin", true, true, true)
            : roles.Contains("responder") ? new("responder", true, true, true)
            : roles.Contains("approver") ? new("approver", false, false, false)
            : roles.Contains("viewer") ? new("viewer", false, false, false)
            : None;
    }

    /// <summary>Evidence is not for everybody who may look.</summary>
    public bool CanReadEvidence => Role is "admin" or "responder";

    /// <summary>Codes that end an isolation without the hub are the admins' alone.</summary>
    public bool CanRelease => Role == "admin";

    public bool May(ActionKind kind) => kind == ActionKind.Restore ? CanRestore : CanOrder;

    /// <summary>Why not, for the disabled button.</summary>
    public string Refusal => this == None ? "Your account has no role here." : $"Your role ({Role}) can look, not act.";
}
