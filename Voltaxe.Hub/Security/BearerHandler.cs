using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Voltaxe.Hub.Security;

/// <summary>
/// <c>Authorization: Bearer vtx_…</c>, of agents and of operators. From the header alone, never from the query. What is refused is
/// answered with the bare status; the transports give every bare status its problem body.
/// </summary>
public sealed class BearerHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder,
    AgentCredentials agents, OperatorCredentials operators, RefusalLog refusals)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "Bearer";
    private const int LongestToken = 256;

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Request.Headers.Authorization is not [{ } header] || !header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
            return AuthenticateResult.NoResult();
        var token = header["Bearer ".Length..].Trim();
        if (token.Length <= LongestToken)
        {
            if (await agents.FindAsync(token, Context.RequestAborted) is { } agent)
                return AuthenticateResult.Success(new(Principals.OfAgent(agent, SchemeName), SchemeName));
            if (await operators.FindAsync(token, Context.RequestAborted) is { } person)
                return AuthenticateResult.Success(new(Principals.OfOperator(person.Name, person.Role, SchemeName), SchemeName));
        }
        return AuthenticateResult.Fail("unknown, expired or revoked");
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties) => ChallengeAsync(Context, refusals);

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) => ForbidAsync(Context, refusals);

    internal static Task ChallengeAsync(HttpContext context, RefusalLog refusals)
    {
        refusals.Note(context, context.Request.Headers.Authorization.Count > 0 ? "bad_credential" : "no_credential");
        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        context.Response.Headers.WWWAuthenticate = "Bearer";
        return Task.CompletedTask;
    }

    internal static Task ForbidAsync(HttpContext context, RefusalLog refusals, string kind = "forbidden")
    {
        refusals.Note(context, kind);
        context.Response.StatusCode = StatusCodes.Status403Forbidden;
        return Task.CompletedTask;
    }
}
