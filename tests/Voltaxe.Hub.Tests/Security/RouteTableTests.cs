using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components.Endpoints;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Voltaxe.Hub.Agents;
using Voltaxe.Hub.Pipeline;
using Voltaxe.Hub.Security;
using Voltaxe.Testing;
using Voltaxe.Testing.Wire;

namespace Voltaxe.Hub.Tests.Security;

/// <summary>Generated from the route table: whoever adds a door adds its test.</summary>
public sealed class RouteTableTests
{
    /// <summary>All that stands open, by method and pattern; pages and files of the dashboard apart.</summary>
    private static readonly string[] Open =
    [
        "GET /healthz", "GET /readyz", "POST /agent/v1/enroll", "POST /agent/v1/token", "POST /sign-in", "POST /sign-in/once", "POST /sign-out",
    ];

    private static readonly string[] OpenPages = ["/access-denied", "/not-found", "/sign-in", "/sign-in/once"];

    [Fact]
    public async Task Every_endpoint_says_who_may_use_it_and_only_these_are_open()
    {
        await using var hub = await RunningHub.StartAsync();
        var endpoints = EndpointsOf(hub);
        Assert.Empty(endpoints.Where(e => e.Metadata.GetMetadata<IAllowAnonymous>() is null && !e.Metadata.GetOrderedMetadata<IAuthorizeData>().Any(a => a.Policy is not null)).Select(Describe));
        var open = endpoints.Where(e => e.Metadata.GetMetadata<IAllowAnonymous>() is not null).ToList();
        Assert.Equal(OpenPages, open.Where(IsPage).Select(e => e.RoutePattern.RawText!).Order(StringComparer.Ordinal));
        Assert.Equal(Open.Order(StringComparer.Ordinal), open.Where(e => !IsPage(e) && !IsFile(e)).Select(Describe).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Every_other_door_is_shut_to_the_wrong_credential_before_it_looks_at_anything()
    {
        await using var hub = await RunningHub.StartAsync();
        var agent = await WireIdentity.EnrolAsync(hub.Http, await hub.EnrolmentTokenAsync(), "web-01");
        var sentinel = await hub.LegacyAgentAsync("web-02");
        var gone = await hub.LegacyAgentAsync("web-03");
        await hub.SendAsync(new RevokeAgent.Request(gone.AgentId, new Caller("boss", Role.Admin)));
        var tokens = new Dictionary<Role, string>();
        foreach (var role in Enum.GetValues<Role>())
            tokens[role] = await hub.TokenAsync(role);
        var before = await StateAsync(hub);
        var tried = 0;
        foreach (var endpoint in EndpointsOf(hub).Where(e => e.Metadata.GetMetadata<IAllowAnonymous>() is null && !IsPage(e)))
        {
            var policy = endpoint.Metadata.GetOrderedMetadata<IAuthorizeData>().Last(a => a.Policy is not null).Policy!;
            var forAgents = policy is Policies.Agent or Policies.AgentWithKey;
            foreach (var bad in new[] { null, "nonsense", gone.Token, "vtx_pat_aaaaaaaaaaaaaaaa_" + new string('x', 43), agent.AgentId })
                await ExpectAsync(hub, endpoint, bad, 401);
            foreach (var (role, token) in tokens)
            {
                if (forAgents || !new Caller("x", role).May(PermissionOf(policy)))
                    await ExpectAsync(hub, endpoint, token, 403);
            }
            if (!forAgents)
                await ExpectAsync(hub, endpoint, await agent.AccessTokenAsync(), 403);
            if (policy != Policies.Agent)
                await ExpectAsync(hub, endpoint, sentinel.Token, 403);
            tried++;
        }
        Assert.True(tried >= 15, $"only {tried} doors were tried");
        Assert.Equal(before, await StateAsync(hub));
        foreach (var actor in new[] { "anonymous", $"agent:{agent.AgentId}" })
            await Eventually.TrueAsync(async () => (await hub.AuditAsync()).Exists(line => line.StartsWith($"{actor} access_refused /", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task What_has_no_route_is_told_only_to_those_who_are_known()
    {
        await using var hub = await RunningHub.StartAsync();
        using var viewer = await hub.OperatorAsync(Role.Viewer);
        using var sentinel = hub.Client((await hub.LegacyAgentAsync("web-01")).Token);
        foreach (var (client, path, expected) in new[] { (hub.Http, "/nowhere", 401), (viewer, "/nowhere", 404), (sentinel, "/nowhere", 404), (viewer, "/api/v1/enrollment-tokens", 405) })
        {
            using var answer = await client.GetAsync(path);
            Assert.Equal(expected, (int)answer.StatusCode);
            Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        }
    }

    [Fact]
    public async Task A_token_in_the_query_is_no_credential()
    {
        await using var hub = await RunningHub.StartAsync();
        var token = await hub.TokenAsync(Role.Admin);
        using var answer = await hub.Http.GetAsync($"/api/v1/agents?access_token={token}&token={token}");
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal("Bearer", answer.Headers.WwwAuthenticate.ToString());
    }

    private static async Task ExpectAsync(RunningHub hub, RouteEndpoint endpoint, string? token, int expected)
    {
        var path = "/" + string.Join('/', endpoint.RoutePattern.PathSegments.Select(s => string.Concat(s.Parts.Select(p =>
            p is Microsoft.AspNetCore.Routing.Patterns.RoutePatternLiteralPart literal ? literal.Content : p is Microsoft.AspNetCore.Routing.Patterns.RoutePatternSeparatorPart dot ? dot.Content : "1"))));
        foreach (var method in MethodsOf(endpoint))
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path);
            if (token is not null)
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            if (method is "POST" or "PUT" or "PATCH")
                request.Content = new StringContent("{\"not\": what is wanted", Encoding.UTF8, "text/plain");
            using var answer = await hub.Http.SendAsync(request);
            Assert.True((int)answer.StatusCode == expected, $"{method} {path} with {token ?? "nothing"}: {(int)answer.StatusCode}, not {expected}");
            Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        }
    }

    private static List<RouteEndpoint> EndpointsOf(RunningHub hub) => [.. hub.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()];

    private static IReadOnlyList<string> MethodsOf(RouteEndpoint endpoint) =>
        endpoint.Metadata.GetMetadata<IHttpMethodMetadata>() is { HttpMethods.Count: > 0 } named ? named.HttpMethods : ["GET", "POST"];

    private static string Describe(RouteEndpoint endpoint) => $"{string.Join(',', MethodsOf(endpoint))} /{endpoint.RoutePattern.RawText?.TrimStart('/')}";

    private static bool IsPage(RouteEndpoint endpoint) => endpoint.Metadata.GetMetadata<ComponentTypeMetadata>() is not null;

    /// <summary>A static file of the dashboard.</summary>
    private static bool IsFile(RouteEndpoint endpoint) =>
        endpoint.Metadata.Any(m => m.GetType().FullName?.StartsWith("Microsoft.AspNetCore.StaticAssets.", StringComparison.Ordinal) == true);

    private static Permission PermissionOf(string policy) => policy switch
    {
        Policies.View => Permission.View,
        Policies.Command => Permission.Command,
        Policies.ReadEvidence => Permission.ReadEvidence,
        Policies.Approve => Permission.Approve,
        Policies.Administer => Permission.Administer,
        _ => throw new ArgumentOutOfRangeException(nameof(policy), policy, "an endpoint has a policy that this test does not know"),
    };

    private static Task<string> StateAsync(RunningHub hub) => hub.ReadAsync(async db =>
        $"{await db.Commands.CountAsync()} {await db.Agents.CountAsync(a => a.RevokedAt == null)} {await db.EnrolmentTokens.CountAsync()} {await db.OperatorTokens.CountAsync()} {await db.Users.CountAsync()}");
}
