using System.Collections.Frozen;
using Microsoft.AspNetCore.Authorization;
using Voltaxe.Hub.Security;

namespace Voltaxe.Hub.Pipeline;

/// <summary>The names of the authorization policies. Every endpoint carries one, or says that it is open.</summary>
public static class Policies
{
    /// <summary>Any agent's credential, a legacy agent's static token included.</summary>
    public const string Agent = "agent";
    /// <summary>An agent that proved its key: no legacy agent.</summary>
    public const string AgentWithKey = "agent_with_key";
    /// <summary>Any operator: every GET but evidence.</summary>
    public const string View = "view";
    /// <summary>Responder or admin: create, cancel, isolate, restore.</summary>
    public const string Command = "command";
    /// <summary>Responder or admin: download evidence.</summary>
    public const string ReadEvidence = "read_evidence";
    /// <summary>Approver or admin.</summary>
    public const string Approve = "approve";
    /// <summary>Admin alone.</summary>
    public const string Administer = "administer";

    private static readonly FrozenDictionary<string, Permission> Permissions = new Dictionary<string, Permission>
    {
        [View] = Permission.View,
        [Command] = Permission.Command,
        [ReadEvidence] = Permission.ReadEvidence,
        [Approve] = Permission.Approve,
        [Administer] = Permission.Administer,
    }.ToFrozenDictionary();

    public static IServiceCollection AddPolicies(this IServiceCollection services) => services.AddAuthorization(AddTo);

    private static void AddTo(AuthorizationOptions options)
    {
        options.AddPolicy(Agent, policy => policy.RequireAuthenticatedUser().RequireAssertion(c => c.User.IsAgent()));
        options.AddPolicy(AgentWithKey, policy => policy.RequireAuthenticatedUser().RequireAssertion(c => c.User.IsAgent() && !c.User.IsLegacy()));
        foreach (var (name, permission) in Permissions)
            options.AddPolicy(name, policy => policy.RequireAuthenticatedUser().RequireAssertion(c => c.User.IsOperator() && c.User.ToCaller().May(permission)));
        options.DefaultPolicy = options.GetPolicy(View)!;
        // What names no policy is for operators; where there is no route at all, or not for this method, any credential may be told so.
        options.FallbackPolicy = new AuthorizationPolicyBuilder().RequireAuthenticatedUser()
            .RequireAssertion(c => c.User.IsOperator() || c.Resource is HttpContext http && http.GetEndpoint() is not RouteEndpoint).Build();
    }
}
