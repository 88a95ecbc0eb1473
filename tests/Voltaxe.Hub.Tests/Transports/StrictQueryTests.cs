using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Authorization;
using Voltaxe.Hub.Pipeline;
using Voltaxe.Hub.Security;
using Voltaxe.Hub.Transports;

namespace Voltaxe.Hub.Tests.Transports;

/// <summary>Query parameters that a route does not have, generated from the route table.</summary>
public sealed class StrictQueryTests(HubForAll shared) : IClassFixture<HubForAll>
{
    /// <summary>The parameters of the protocol, section 7, and of evidence; a route that is not named has none.</summary>
    private static readonly Dictionary<string, string[]> Parameters = new()
    {
        ["GET /api/v1/commands"] = ["after", "batch", "command", "created_by", "host", "limit", "status"],
        ["GET /api/v1/evidence"] = ["after", "command", "host", "limit"],
    };

    [Fact]
    public async Task Every_operators_route_refuses_by_name_what_it_does_not_know_and_what_is_given_twice()
    {
        var hub = shared.Hub;
        using var admin = await hub.OperatorAsync(Role.Admin);
        var before = await Dump.OfAsync(hub);
        var routes = RouteTable.Of(hub).Where(IsForOperators).ToList();
        Assert.True(routes.Count >= 16, $"only {routes.Count} routes");
        Assert.Empty(Parameters.Keys.Except(routes.Select(r => r.ToString())));
        foreach (var route in routes)
        {
            var known = Parameters.GetValueOrDefault(route.ToString(), []);
            Assert.Equal(known, StrictQuery.ParametersOf(route.Endpoint).Keys.Order(StringComparer.Ordinal));
            var faults = await ErrorsOfAsync(admin, route, "statsu=x&limti=1");
            Assert.Equal(["limti: is not known", "statsu: is not known"], faults);
            Assert.Equal(["query: is not known"], await ErrorsOfAsync(admin, route, Uri.EscapeDataString("<script>\n") + "=1"));
            foreach (var name in known)
                Assert.Equal([$"{name}: is given twice"], await ErrorsOfAsync(admin, route, $"{name}=1&{name.ToUpperInvariant()}=2"));
        }
        Assert.Equal(before, await Dump.OfAsync(hub));
    }

    [Fact]
    public async Task Who_may_not_ask_is_told_so_before_anything_is_said_of_the_question()
    {
        var hub = shared.Hub;
        using var viewer = await hub.OperatorAsync(Role.Viewer);
        foreach (var route in RouteTable.Of(hub).Where(IsForOperators))
        {
            using var nobody = await hub.Http.SendAsync(Request(route, "statsu=x"));
            Assert.Equal(401, (int)nobody.StatusCode);
            using var answer = await viewer.SendAsync(Request(route, "statsu=x"));
            Assert.Equal(PolicyOf(route) == Policies.View ? 400 : 403, (int)answer.StatusCode);
        }
    }

    [Fact]
    public async Task A_route_of_agents_ignores_what_it_does_not_know()
    {
        var hub = shared.Hub;
        using var sentinel = hub.Client((await hub.LegacyAgentAsync("old-01")).Token);
        foreach (var query in new[] { "host=old-01&version=2.1&_=17", "hostname=old-01&os=linux&limit=1&limit=2" })
        {
            using var answer = await sentinel.GetAsync("/command/poll?" + query);
            await Desk.AnswerOf(answer, 200);
        }
        foreach (var open in new[] { "/healthz?probe=1", "/readyz?probe=1" })
        {
            using var answer = await hub.Http.GetAsync(open);
            Assert.Equal(200, (int)answer.StatusCode);
        }
        Assert.DoesNotContain(RouteTable.Of(hub), r => StrictQuery.IsStrict(r.Endpoint) && !IsForOperators(r));
    }

    /// <summary>By who may use it, not by the mark that is tested here.</summary>
    private static bool IsForOperators(RouteTable.Route route) => route.IsPublic && PolicyOf(route) is not (null or Policies.Agent or Policies.AgentWithKey);

    private static string? PolicyOf(RouteTable.Route route) => route.Endpoint.Metadata.GetOrderedMetadata<IAuthorizeData>().LastOrDefault(a => a.Policy is not null)?.Policy;

    private static async Task<string[]> ErrorsOfAsync(HttpClient client, RouteTable.Route route, string query)
    {
        using var answer = await client.SendAsync(Request(route, query));
        var text = await Desk.AnswerOf(answer, 400);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        return [.. JsonNode.Parse(text)!["errors"]!.AsObject().SelectMany(e => e.Value!.AsArray().Select(t => $"{e.Key}: {t}")).Order(StringComparer.Ordinal)];
    }

    private static HttpRequestMessage Request(RouteTable.Route route, string query) => new(new HttpMethod(route.Method), route.PathWith("1") + "?" + query)
    {
        Content = route.Method is "POST" or "PATCH" or "PUT" ? new StringContent("{}", Encoding.UTF8, "application/json") : null,
    };
}
