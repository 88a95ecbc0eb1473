using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components.Endpoints;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.AspNetCore.SignalR;
using Voltaxe.Hub.Agents;
using Voltaxe.Hub.Pipeline;
using Voltaxe.Hub.Security;
using Voltaxe.Testing;
using Voltaxe.Testing.Wire;

namespace Voltaxe.Hub.Tests.Transports;

/// <summary>
/// Every route of the route table and every method of the agents' socket, each with every credential that must not open it, where there is
/// something to find behind it and where there is not. Which routes stand open is listed in <c>Security/RouteTableTests</c>.
/// </summary>
public sealed class EveryDoorTests : IAsyncLifetime
{
    private readonly ManualClock clock = new(TimeProvider.System.GetUtcNow());
    private readonly Dictionary<Role, string> operators = [];
    private RunningHub hub = null!;
    private WireIdentity agent = null!;
    private string expired = "", revokedAccess = "", revokedLegacy = "", revokedOperator = "", legacy = "", access = "";
    private long commandId;
    private string evidenceId = "";

    public async Task InitializeAsync()
    {
        hub = await RunningHub.StartAsync(clock: clock);
        evidenceId = await (await Evidence.Collection.BeginAsync(hub, "web-05")).BringAsync([1, 2, 3]);
        agent = (await hub.EnrolAsync("web-01")).Identity;
        expired = await agent.AccessTokenAsync();
        clock.StepWallClock(clock.GetUtcNow().AddMinutes(61));
        var gone = (await hub.EnrolAsync("web-02")).Identity;
        (access, revokedAccess) = (await SignInAsync(agent), await SignInAsync(gone));
        legacy = (await hub.LegacyAgentAsync("web-03")).Token;
        var goneToo = await hub.LegacyAgentAsync("web-04");
        revokedLegacy = goneToo.Token;
        foreach (var id in new[] { gone.AgentId, goneToo.AgentId })
            await hub.SendAsync(new RevokeAgent.Request(id, new Caller("boss", Role.Admin)));
        foreach (var role in Enum.GetValues<Role>())
            operators[role] = await hub.TokenAsync(role, "wrong-" + role);
        revokedOperator = await hub.TokenAsync(Role.Admin, "leaver");
        await hub.TamperAsync($"UPDATE operator_tokens SET revoked_at = 1 WHERE name = 'leaver'");
        using var desk = await Desk.OfAsync(hub);
        commandId = (await desk.IsolateAsync("web-01")).Id;
    }

    public async Task DisposeAsync() => await hub.DisposeAsync();

    [Fact]
    public async Task No_door_opens_to_the_wrong_credential_and_each_refusal_is_in_the_trail()
    {
        var before = await Dump.OfAsync(hub);
        var noted = new HashSet<string>();
        foreach (var endpoint in hub.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().Where(e => e.Metadata.GetMetadata<IAllowAnonymous>() is null && e.Metadata.GetMetadata<ComponentTypeMetadata>() is null))
        {
            var policy = endpoint.Metadata.GetOrderedMetadata<IAuthorizeData>().Last(a => a.Policy is not null).Policy!;
            foreach (var (token, actor, status) in WrongFor(policy))
            {
                foreach (var path in new[] { PathOf(endpoint, exists: true), PathOf(endpoint, exists: false) }.Distinct())
                    foreach (var method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>() is { HttpMethods.Count: > 0 } named ? named.HttpMethods : ["GET", "POST"])
                        await RefusedAsync(method, path, token, status);
                noted.Add($"{actor} access_refused {endpoint.RoutePattern.RawText} refused");
            }
        }
        Assert.Equal(before, await Dump.OfAsync(hub));
        await hub.Get<RefusalLog>().SweepOnceAsync(default);
        Assert.Empty(noted.Except(await hub.AuditAsync()));
        Assert.True(noted.Count > 60, $"only {noted.Count} kinds of refusals were tried");
    }

    [Fact]
    public async Task No_hub_method_is_reached_without_an_agents_key()
    {
        var hubs = hub.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().Where(e => e.Metadata.GetMetadata<HubMetadata>() is not null)
            .GroupBy(e => e.Metadata.GetMetadata<HubMetadata>()!.HubType).Where(g => g.Key.Assembly == typeof(HubApplication).Assembly).ToList();
        Assert.NotEmpty(hubs);
        foreach (var routes in hubs)
        {
            // Whoever adds a method adds it behind the same door: the type itself names the policy, and the upgrade is refused.
            Assert.Equal([Policies.AgentWithKey], routes.Key.GetCustomAttributes(typeof(AuthorizeAttribute), true).Cast<AuthorizeAttribute>().Select(a => a.Policy));
            var address = new UriBuilder(hub.Url) { Scheme = "ws", Path = "/" + routes.First().RoutePattern.RawText!.Trim('/') }.Uri;
            foreach (var (token, _, status) in WrongFor(Policies.AgentWithKey))
            {
                foreach (var (uri, header) in new[] { (address, token), (new Uri($"{address}?access_token={token ?? access}"), null) })
                {
                    using var socket = new ClientWebSocket();
                    socket.Options.CollectHttpResponseDetails = true;
                    if (header is not null)
                        socket.Options.SetRequestHeader("Authorization", "Bearer " + header);
                    await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(uri, default));
                    Assert.Equal(header is null ? 401 : status, (int)socket.HttpStatusCode);
                }
            }
        }
    }

    [Fact]
    public async Task What_is_no_method_of_the_socket_cannot_be_called_and_one_that_is_stays_shut_after_a_revocation()
    {
        var before = await Dump.OfAsync(hub);
        await using var client = hub.Socket(new WireAgent(agent));
        await using (var socket = await SignalRSocket.OpenAsync(await SignalRSocket.ClientTo(hub.Url)(access), (_, _) => { }))
        {
            foreach (var name in new[] { "sync2", "OnConnectedAsync", "OnDisconnectedAsync", "Dispose", "Execute", "Cancel", "ToString", "get_Context" })
                await Assert.ThrowsAsync<InvalidOperationException>(() => socket.InvokeAsync(name));
            foreach (JsonNode? argument in new JsonNode?[] { null, 1, "x", new JsonArray(), new JsonObject() })
                await Assert.ThrowsAsync<InvalidOperationException>(() => socket.InvokeAsync("Sync", argument));
            Assert.Equal(before, await Dump.OfAsync(hub));
            await hub.SendAsync(new RevokeAgent.Request(agent.AgentId, new Caller("boss", Role.Admin)));
            var after = await Dump.OfAsync(hub);
            await Assert.ThrowsAnyAsync<Exception>(() => socket.InvokeAsync("Sync", client.Agent.NewSync()));
            Assert.Equal(after, await Dump.OfAsync(hub));
        }
    }

    /// <summary>Every credential that must not open a door with this policy: the token, the actor that the trail names, the answer.</summary>
    private IEnumerable<(string? Token, string Actor, int Status)> WrongFor(string policy)
    {
        foreach (var unknown in new[] { null, "nonsense", expired, revokedAccess, revokedLegacy, revokedOperator, agent.AgentId })
            yield return (unknown, "anonymous", 401);
        var forAgents = policy is Policies.Agent or Policies.AgentWithKey;
        foreach (var (role, token) in operators)
        {
            if (forAgents || !new Caller("x", role).May(Enum.Parse<Permission>(NameOf(policy))))
                yield return (token, "operator:wrong-" + role, 403);
        }
        if (!forAgents)
            yield return (access, "agent:" + agent.AgentId, 403);
        if (policy != Policies.Agent)
            yield return (legacy, "agent:a-" + legacy.Split('_')[2], 403);
    }

    private static string NameOf(string policy) => policy switch
    {
        Policies.View => nameof(Permission.View),
        Policies.Command => nameof(Permission.Command),
        Policies.ReadEvidence => nameof(Permission.ReadEvidence),
        Policies.Approve => nameof(Permission.Approve),
        Policies.Administer => nameof(Permission.Administer),
        _ => throw new ArgumentOutOfRangeException(nameof(policy), policy, "an endpoint has a policy that this test does not know"),
    };

    private string PathOf(RouteEndpoint endpoint, bool exists) => "/" + string.Join('/', endpoint.RoutePattern.PathSegments.Select(s => string.Concat(s.Parts.Select(part => part switch
    {
        RoutePatternLiteralPart literal => literal.Content,
        RoutePatternSeparatorPart dot => dot.Content,
        RoutePatternParameterPart { Name: "id" } when endpoint.RoutePattern.RawText!.Contains("/commands/", StringComparison.Ordinal) => exists ? commandId.ToString() : "999999",
        RoutePatternParameterPart { Name: "id" } when endpoint.RoutePattern.RawText!.Contains("/evidence/", StringComparison.Ordinal) => exists ? evidenceId : "e-00000000000000000000000000000000",
        RoutePatternParameterPart { Name: "id" } => exists ? agent.AgentId : "a-aaaaaaaaaaaaaaaaaaaaaaaaaa",
        RoutePatternParameterPart { Name: "hostOrId" } => exists ? "web-01" : "nowhere",
        RoutePatternParameterPart { Name: "documentName" } => exists ? "v1" : "v9",
        _ => "1",
    }))));

    private async Task RefusedAsync(string method, string path, string? token, int status)
    {
        foreach (var (body, type) in new[] { ("{\"not\": what is wanted", "text/plain"), ("""{"reason":"because it must be","hostname":"web-01","hosts":["web-01"],"command":"network_restore","command_id":1,"success":true,"legacy":true}""", "application/json") })
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path);
            if (token is not null)
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            if (method is "POST" or "PUT" or "PATCH")
                request.Content = new StringContent(body, Encoding.UTF8, type);
            using var answer = await hub.Http.SendAsync(request);
            var text = await Desk.AnswerOf(answer, status);
            Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
            Assert.StartsWith("urn:voltaxe:problem:", JsonNode.Parse(text)!["type"]!.GetValue<string>(), StringComparison.Ordinal);
            Assert.Null(JsonNode.Parse(text)!["errors"]);
            if (method is not ("POST" or "PUT" or "PATCH"))
                return;
        }
    }

    /// <summary>With the hub's time, which the first refusal tells.</summary>
    private static async Task<string> SignInAsync(WireIdentity identity)
    {
        identity.SignOut();
        try
        {
            return await identity.AccessTokenAsync();
        }
        catch (InvalidOperationException)
        {
            return await identity.AccessTokenAsync();
        }
    }
}
