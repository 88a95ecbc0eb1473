namespace Voltaxe.Hub.Tests.Transports;

/// <summary>
/// The calls of the protocol, and the routes that there are. A call that is built is <c>Built</c> here from that day on; what is routed and
/// stands in no section is an addition, with its reason.
/// </summary>
public sealed class ProtocolRoutesTests(HubForAll shared) : IClassFixture<HubForAll>
{
    private const bool Built = true, NotYet = false;

    private static readonly (string Section, string Call, bool IsBuilt)[] Protocol =
    [
        ("3", "GET /hubs/agent", Built),
        ("3", "POST /agent/v1/sync", Built),
        ("4", "POST /agent/v1/enroll", Built),
        ("4", "POST /agent/v1/token", Built),
        ("5", "POST /agent/v1/evidence", Built),
        ("5", "PATCH /agent/v1/evidence/{id}", Built),
        ("5", "GET /api/v1/evidence", Built),
        ("5", "GET /api/v1/evidence/{id}", Built),
        ("6", "GET /command/poll", Built),
        ("6", "POST /command/result", Built),
        ("6", "POST /api/isolate", Built),
        ("6", "POST /api/restore", Built),
        ("6", "POST /telemetry", Built),
        ("6", "GET /telemetry", Built),
        ("7", "POST /api/v1/commands", Built),
        ("7", "GET /api/v1/commands", Built),
        ("7", "GET /api/v1/commands/{id}", Built),
        ("7", "GET /api/v1/commands/{id}/events", Built),
        ("7", "POST /api/v1/commands/{id}/cancel", Built),
        ("7", "POST /api/v1/commands/{id}/approve", NotYet),
        ("7", "POST /api/v1/commands/{id}/deny", NotYet),
        ("7", "GET /api/v1/agents", Built),
        ("7", "GET /api/v1/agents/{id}", Built),
        ("7", "DELETE /api/v1/agents/{id}", Built),
        ("7", "POST /api/v1/agents/{id}/replace", Built),
        ("7", "POST /api/v1/agents", Built),
        ("7", "POST /api/v1/enrollment-tokens", Built),
        ("7", "GET /api/v1/audit", NotYet),
        ("7", "GET /api/v1/audit/verify", NotYet),
        ("7", "GET /healthz", Built),
        ("7", "GET /readyz", Built),
        ("9", "GET /openapi/{}", Built),
        ("10", "GET /api/v1/batches/{id}", NotYet),
        ("10", "POST /api/v1/batches/{id}/cancel", NotYet),
        ("10", "POST /api/v1/batches/{id}/approve", NotYet),
        ("10", "POST /api/v1/batches/{id}/deny", NotYet),
        ("10", "POST /api/v1/batches/{id}/retry", NotYet),
        ("10", "GET /api/v1/tokens", NotYet),
        ("10", "POST /api/v1/tokens", NotYet),
        ("10", "DELETE /api/v1/tokens/{id}", NotYet),
        ("10", "GET /api/v1/users", NotYet),
        ("10", "POST /api/v1/users", NotYet),
        ("10", "PATCH /api/v1/users/{id}", NotYet),
        ("10", "POST /api/v1/users/{id}/link", NotYet),
        ("10", "PATCH /api/v1/agents/{id}", NotYet),
        ("10", "POST /api/v1/agents/{id}/renew-epoch", NotYet),
        ("10", "POST /api/v1/agents/{id}/resume", NotYet),
        ("10", "GET /api/v1/audit/export", NotYet),
        ("10", "GET /api/v1/events", NotYet),
        ("10", "GET /api/v1/webhooks", NotYet),
        ("10", "POST /api/v1/webhooks", NotYet),
        ("10", "DELETE /api/v1/webhooks/{id}", NotYet),
        ("10", "POST /api/v1/webhooks/{id}/test", NotYet),
        ("10", "POST /openc2", NotYet),
    ];

    private static readonly Dictionary<string, string> Additions = new()
    {
        ["POST /api/v1/agents/{id}/release-code"] = "the code of `Voltaxe.Agent release --code` (section 8) has to be made somewhere",
        ["GET /hubs/agent/negotiate"] = "SignalR maps it with every hub; agents open their WebSocket without it (section 3)",
    };

    [Fact]
    public void Every_call_of_the_protocol_that_is_built_has_its_route_and_no_other_has_one()
    {
        var routes = RouteTable.Of(shared.Hub).Where(r => r.IsPublic).Select(r => Anonymous(r.ToString())).ToHashSet();
        Assert.Equal(Protocol.Length, Protocol.Select(p => Anonymous(p.Call)).Distinct().Count());
        Assert.Equal([], Protocol.Where(p => p.IsBuilt && !routes.Contains(Anonymous(p.Call))).Select(p => $"section {p.Section}: {p.Call} is built, and has no route"));
        Assert.Equal([], Protocol.Where(p => !p.IsBuilt && routes.Contains(Anonymous(p.Call))).Select(p => $"section {p.Section}: {p.Call} is there: mark it as built"));
        var listed = Protocol.Select(p => p.Call).Concat(Additions.Keys).Select(Anonymous).ToHashSet();
        Assert.Equal([], routes.Except(listed).Select(r => $"{r} is in no section of the protocol and on no list of additions"));
        Assert.Equal([], Additions.Keys.Where(a => !routes.Contains(Anonymous(a))).Select(a => $"{a} is an addition without a route"));
    }

    /// <summary>How a parameter is called says nothing to a client: <c>{hostOrId}</c> is <c>{}</c>, as <c>{id}</c> is.</summary>
    private static string Anonymous(string call) => System.Text.RegularExpressions.Regex.Replace(call, @"\{[^}]*\}(\.json)?", "{}");
}
