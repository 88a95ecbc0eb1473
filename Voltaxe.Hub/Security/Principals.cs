using System.Net;
using System.Security.Claims;
using Voltaxe.Contracts.Json;

namespace Voltaxe.Hub.Security;

/// <summary>Who speaks, as claims that come from the credential alone.</summary>
public static class Principals
{
    /// <summary><c>agent</c>, <c>legacy_agent</c> or <c>operator</c>.</summary>
    public const string KindClaim = "vtx:kind";
    /// <summary>The word of a <see cref="Role"/>; the dashboard reads it too.</summary>
    public const string RoleClaim = "role";

    private const string AgentKind = "agent", LegacyKind = "legacy_agent", OperatorKind = "operator";

    public static ClaimsPrincipal OfAgent(AgentCredential agent, string scheme) => new(new ClaimsIdentity(
        [new(ClaimTypes.Name, agent.AgentId), new(KindClaim, agent.Legacy ? LegacyKind : AgentKind)], scheme, ClaimTypes.Name, RoleClaim));

    public static ClaimsPrincipal OfOperator(string name, Role role, string scheme) =>
        new(new ClaimsIdentity([new(ClaimTypes.Name, name), .. OperatorClaims(role)], scheme, ClaimTypes.Name, RoleClaim));

    public static IEnumerable<Claim> OperatorClaims(Role role) => [new(KindClaim, OperatorKind), new(RoleClaim, Words.Of(role))];

    public static bool IsAgent(this ClaimsPrincipal user) => user.FindFirstValue(KindClaim) is AgentKind or LegacyKind;

    /// <summary>An agent with a static token, which keeps no journal.</summary>
    public static bool IsLegacy(this ClaimsPrincipal user) => user.FindFirstValue(KindClaim) is LegacyKind;

    public static bool IsOperator(this ClaimsPrincipal user) => user.FindFirstValue(KindClaim) is OperatorKind && user.TryRole(out _);

    /// <exception cref="InvalidOperationException">The caller is no agent: the endpoint lacks its policy.</exception>
    public static string AgentId(this ClaimsPrincipal user) =>
        user.IsAgent() && user.Identity?.Name is { } id ? id : throw new InvalidOperationException("the caller is not an agent");

    public static Role RoleOf(this ClaimsPrincipal user) =>
        user.TryRole(out var role) ? role : throw new InvalidOperationException("the caller is not an operator");

    /// <summary>As the audit trail names it: <c>operator:ana</c>, <c>agent:a-…</c> or <c>anonymous</c>.</summary>
    public static string Actor(this ClaimsPrincipal user) =>
        user.IsAgent() ? "agent:" + user.AgentId() : user.IsOperator() ? "operator:" + user.Identity?.Name : "anonymous";

    /// <summary>An IPv4 address the same way on every socket.</summary>
    public static string? TextOf(IPAddress? address) => address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4().ToString() : address?.ToString();

    private static bool TryRole(this ClaimsPrincipal user, out Role role) => Words.TryParse(user.FindFirstValue(RoleClaim), out role);
}
