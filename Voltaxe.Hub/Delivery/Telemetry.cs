using System.Text.Json;
using MediatR;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Persistence;
using Voltaxe.Hub.Pipeline;

namespace Voltaxe.Hub.Delivery;

/// <summary>A legacy agent's report of itself: the seed's <c>POST /telemetry</c>. Of its fields only <c>isolated</c>, <c>os</c> and <c>version</c> are read.</summary>
public static class TakeTelemetry
{
    public sealed record Request(string AgentId, JsonElement Report) : IRequest<Result<SeedStatus>>;

    public sealed class Handler(HubStore store, SeedIdentity identity) : IRequestHandler<Request, Result<SeedStatus>>
    {
        public async Task<Result<SeedStatus>> Handle(Request request, CancellationToken cancellationToken)
        {
            if (request.Report.ValueKind != JsonValueKind.Object)
                return Refusal.Invalid("body", "must be an object");
            if (!AgentData.Fits(request.Report, int.MaxValue))
                return Refusal.Invalid("body", "must be " + AgentData.Rule);
            var name = await identity.HostnameOfAsync(request.AgentId, cancellationToken);
            if (Text(request.Report, "hostname") is { } said && !said.Equals(name, StringComparison.OrdinalIgnoreCase))
                return Refusal.Forbidden("This credential belongs to another host.");
            return await store.WriteAsync<Result<SeedStatus>>(async (write, ct) =>
            {
                var agent = await write.LockAgentAsync(request.AgentId, ct) ?? throw new InvalidOperationException($"agent {request.AgentId} is gone");
                agent.LastSeenAt = write.Now;
                agent.Os = Text(request.Report, "os") ?? agent.Os;
                agent.Version = Text(request.Report, "version") ?? agent.Version;
                if (request.Report.TryGetProperty("isolated", out var isolated) && isolated.ValueKind is JsonValueKind.True or JsonValueKind.False)
                {
                    var now = isolated.ValueKind == JsonValueKind.True;
                    agent.IsolatedSince = now ? (agent.Isolated == true ? agent.IsolatedSince : write.Now) : null;
                    agent.Isolated = now;
                }
                return new SeedStatus("ok");
            }, cancellationToken);
        }

        private static string? Text(JsonElement report, string field) =>
            report.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 and <= 253 } text && !text.Any(char.IsControl) ? text : null;
    }
}
