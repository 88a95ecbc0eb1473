using Voltaxe.Hub.Persistence;
using Voltaxe.Hub.Pipeline;

namespace Voltaxe.Hub.Transports.Operators;

/// <summary>Open to all: <c>/healthz</c> – the process answers; <c>/readyz</c> – the database can be written and is migrated.</summary>
public static class Health
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/healthz", () => Results.Text("""{"status":"ok"}""", "application/json")).AllowAnonymous().WithTags("health");
        routes.MapGet("/readyz", async (Readiness readiness, CancellationToken ct) => await readiness.IsReadyAsync(ct)
            ? Results.Text("""{"status":"ready"}""", "application/json")
            : Failures.StorageUnavailable.ToResult()).AllowAnonymous().WithTags("health");
    }
}
