using Voltaxe.Contracts.Operators;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Agents;
using Voltaxe.Hub.Persistence;
using Voltaxe.Hub.Pipeline;

namespace Voltaxe.Hub.Transports.Operators;

/// <summary>Reading agents: <c>GET /api/v1/agents</c>, one of them, and the seed's <c>GET /telemetry</c>.</summary>
public static class FleetRoutes
{
    public static void MapFleetRoutes(this IEndpointRouteBuilder app)
    {
        app.MapGet("/api/v1/agents", ListAsync).RequireAuthorization(Policies.View).WithTags("agents").Produces<Page<AgentView>>();
        app.MapGet("/api/v1/agents/{hostOrId}", FindAsync).RequireAuthorization(Policies.View).WithTags("agents").Produces<AgentView>().ProducesProblem(404);
        app.MapGet("/telemetry", TelemetryAsync).RequireAuthorization(Policies.View).WithTags("seed").Produces<IReadOnlyList<SeedTelemetry>>();
    }

    private static async Task<IResult> ListAsync(HttpContext http, HubStore store, AgentViews views) =>
        Problems.Json(new Page<AgentView>(await store.ReadAsync((db, ct) => views.LoadAsync(db, null, ct), http.RequestAborted), null));

    private static async Task<IResult> FindAsync(HttpContext http, string hostOrId, IHubReader reader) =>
        await reader.FindAgentAsync(hostOrId, http.RequestAborted) is { } agent
            ? Problems.Json(agent)
            : Refusal.NotFound("There is no such agent.").ToResult();

    private static async Task<IResult> TelemetryAsync(HttpContext http, HubStore store, AgentViews views)
    {
        var agents = await store.ReadAsync((db, ct) => views.LoadAsync(db, null, ct), http.RequestAborted);
        return Problems.Json<IReadOnlyList<SeedTelemetry>>([.. agents.Select(a => new SeedTelemetry(a.Host, a.Observed?.Isolated, WordOf(a.Presence), a.LastSeen, a.Id, a.Legacy))]);
    }

    private static string WordOf(Presence presence) => Contracts.Json.Words.Of(presence);
}
