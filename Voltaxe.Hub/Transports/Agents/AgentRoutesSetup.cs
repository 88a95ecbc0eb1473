using System.Text.Json;
using MediatR;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.SignalR;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Delivery;
using Voltaxe.Hub.Pipeline;
using Voltaxe.Hub.Security;

namespace Voltaxe.Hub.Transports.Agents;

/// <summary>Where agents say everything: the socket, sync over HTTP, and the seed's routes.</summary>
public static class AgentRoutesSetup
{
    private const int SeedLimit = 512 * 1024;

    public static IServiceCollection AddAgentTransports(this IServiceCollection services)
    {
        services.AddSignalR(o =>
            {
                o.MaximumParallelInvocationsPerClient = 1;
                o.KeepAliveInterval = TimeSpan.FromSeconds(15);
                o.ClientTimeoutInterval = TimeSpan.FromSeconds(45);
            })
            .AddHubOptions<AgentSocketHub>(o => o.MaximumReceiveMessageSize = AgentRoutes.MaxMessageBytes)
            .AddJsonProtocol(o =>
            {
                o.PayloadSerializerOptions = new JsonSerializerOptions(WireJson.Default.Options);
                o.PayloadSerializerOptions.TypeInfoResolverChain.Add(new System.Text.Json.Serialization.Metadata.DefaultJsonTypeInfoResolver());
            });
        return services;
    }

    public static void MapAgentTransports(this IEndpointRouteBuilder app)
    {
        var services = app.ServiceProvider;
        services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.Register(services.GetRequiredService<AgentLinks>().ReleaseParked);
        app.MapHub<AgentSocketHub>(AgentRoutes.Hub, o =>
        {
            o.Transports = HttpTransportType.WebSockets;
            o.CloseOnAuthenticationExpiration = false;
        });
        app.MapPost(AgentRoutes.Sync, SyncAsync).RequireAuthorization(Policies.AgentWithKey)
            .TakesJson<SyncRequest>().Produces<SyncReply>().ProducesProblem(400).ProducesProblem(409);
        app.MapGet("/command/poll", PollAsync).RequireAuthorization(Policies.Agent).Produces<SeedPollReply>();
        app.MapPost("/command/result", ResultAsync).RequireAuthorization(Policies.Agent).TakesJson<SeedResult>().Produces<SeedResultReply>();
        app.MapPost("/telemetry", TelemetryAsync).RequireAuthorization(Policies.Agent).TakesJson<JsonElement>().Produces<SeedStatus>();
    }

    private static async Task<IResult> SyncAsync(HttpContext http, IMediator mediator, ParkedSync parked)
    {
        var body = await JsonBody.ReadLenientAsync<SyncRequest>(http, AgentRoutes.MaxMessageBytes);
        if (body.IsRefused)
            return body.Refusal!.ToResult();
        var agentId = http.User.AgentId();
        var answer = await mediator.Send(new SyncAgent.Request(agentId, body.Value, null), http.RequestAborted);
        return answer.IsRefused
            ? answer.Refusal!.ToResult()
            : (await parked.WaitAsync(agentId, body.Value, answer.Value, http.RequestAborted)).ToResult(reply => Problems.Json(reply));
    }

    private static async Task<IResult> PollAsync(HttpContext http, IMediator mediator, [FromQuery] string? host, [FromQuery] string? hostname, ILoggerFactory logs)
    {
        string[] named = [.. new[] { host, hostname }.OfType<string>()];
        var answer = await mediator.Send(new PollSeed.Request(http.User.AgentId(), named), http.RequestAborted);
        if (!answer.IsRefused && answer.Value.Count > 0)
            logs.CreateLogger("Voltaxe.Hub.Delivery").PolledCommands(answer.Value.Count, http.User.AgentId());
        return answer.ToResult(commands => host is not null ? Problems.Json(new SeedPollReply(commands)) : Problems.Json(commands));
    }

    private static async Task<IResult> ResultAsync(HttpContext http, IMediator mediator)
    {
        var body = await JsonBody.ReadLenientAsync<SeedResult>(http, SeedLimit);
        if (body.IsRefused)
            return body.Refusal!.ToResult();
        var answer = await mediator.Send(new ReportSeed.Request(http.User.AgentId(), body.Value), http.RequestAborted);
        return answer.Refusal is { Status: 404 } missing
            ? Problems.Json(new SeedError(missing.Detail), StatusCodes.Status404NotFound)
            : answer.ToResult(reply => Problems.Json(reply));
    }

    private static async Task<IResult> TelemetryAsync(HttpContext http, IMediator mediator)
    {
        var bytes = await JsonBody.ReadBytesAsync(http, SeedLimit);
        if (bytes.IsRefused)
            return bytes.Refusal!.ToResult();
        var report = JsonBody.ParseElement(bytes.Value);
        if (report.IsRefused)
            return report.Refusal!.ToResult();
        var answer = await mediator.Send(new TakeTelemetry.Request(http.User.AgentId(), report.Value), http.RequestAborted);
        return answer.ToResult(status => Problems.Json(status));
    }
}

internal static partial class SeedLog
{
    [LoggerMessage(2101, LogLevel.Information, "[COMMAND POLL] Handed out {Count} command(s) to {AgentId}")]
    public static partial void PolledCommands(this ILogger log, int count, string agentId);
}
