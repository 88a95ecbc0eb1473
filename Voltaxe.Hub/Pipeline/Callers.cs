using System.Net;
using System.Security.Claims;
using Voltaxe.Hub.Security;

namespace Voltaxe.Hub.Pipeline;

/// <summary>The operator behind a principal.</summary>
public static class Callers
{
    /// <exception cref="InvalidOperationException">The caller is no operator: the endpoint lacks its policy.</exception>
    public static Caller ToCaller(this ClaimsPrincipal user, IPAddress? address = null) =>
        user.IsOperator() && user.Identity?.Name is { } name
            ? new Caller(name, user.RoleOf(), Principals.TextOf(address))
            : throw new InvalidOperationException("the caller is not an operator");
}
