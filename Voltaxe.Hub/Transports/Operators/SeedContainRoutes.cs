using MediatR;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Operators;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Commands;
using Voltaxe.Hub.Delivery;
using Voltaxe.Hub.Domain;
using Voltaxe.Hub.Live;
using Voltaxe.Hub.Pipeline;

namespace Voltaxe.Hub.Transports.Operators;

/// <summary>The seed's <c>POST /api/isolate</c> and <c>/api/restore</c>: queued like any command, then waited for, up to 5 s.</summary>
public static class SeedContainRoutes
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static void MapSeedContainRoutes(this IEndpointRouteBuilder app)
    {
        Map("/api/isolate", CommandNames.NetworkIsolate, "isolated", "Manual isolation");
        Map("/api/restore", CommandNames.NetworkRestore, "restored", "Manual restore");

        void Map(string path, string command, string done, string reason) =>
            app.MapPost(path, (HttpContext http, IMediator mediator, LiveFeed feed, IHubReader reader, AgentLinks links, TimeProvider time) =>
                    ContainAsync(http, mediator, feed, reader, links, time, command, done, reason))
                .RequireAuthorization(Policies.Command).WithTags("seed").TakesJson<SeedContain>().Produces<SeedContainReply>().Produces<SeedContainReply>(202);
    }

    /// <summary>What is wrong with <c>hosts</c> is wrong with <c>hostname</c> here.</summary>
    private static Refusal InItsWords(Refusal refusal) => refusal with
    {
        Errors = refusal.Errors?.ToDictionary(e => e.Key == "hosts" ? "hostname" : e.Key, e => e.Value),
    };

    private static async Task<IResult> ContainAsync(HttpContext http, IMediator mediator, LiveFeed feed, IHubReader reader, AgentLinks links, TimeProvider time,
        string command, string done, string defaultReason)
    {
        var body = await JsonBody.ReadStrictAsync<SeedContain>(http);
        if (body.IsRefused)
            return body.Refusal!.ToResult();
        if (string.IsNullOrEmpty(body.Value.Hostname))
            return Refusal.Invalid("hostname", "is required").ToResult();
        using var limit = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, http.RequestAborted);
        try
        {
            return await QueueAndWaitAsync(http, mediator, reader, links, body.Value, feed.Commands.Watch(either.Token), command, done, defaultReason, either.Token);
        }
        finally
        {
            await either.CancelAsync(); // Only that ends the watching; otherwise every answer that comes early leaves a watcher behind.
        }
    }

    private static async Task<IResult> QueueAndWaitAsync(HttpContext http, IMediator mediator, IHubReader reader, AgentLinks links, SeedContain body,
        IAsyncEnumerable<IReadOnlyList<LiveChange<CommandView>>> changes, string command, string done, string defaultReason, CancellationToken patience)
    {
        var queued = await mediator.Send(new QueueCommands.Request(http.User.ToCaller(http.Connection.RemoteIpAddress), new NewCommands
        {
            Command = command,
            Hosts = [body.Hostname!],
            Reason = string.IsNullOrEmpty(body.Reason) ? defaultReason : body.Reason,
        }), http.RequestAborted);
        if (queued.IsRefused)
            return InItsWords(queued.Refusal!).ToResult();
        var now = queued.Value.Commands[0];
        try
        {
            if (!CommandLifecycle.IsTerminal(now.Status))
            {
                await foreach (var batch in changes.WithCancellation(patience))
                {
                    now = batch.LastOrDefault(c => c.Row?.Id == now.Id)?.Row ?? now;
                    if (CommandLifecycle.IsTerminal(now.Status))
                        break;
                }
            }
        }
        catch (OperationCanceledException) when (!http.RequestAborted.IsCancellationRequested)
        {
            now = await reader.FindCommandAsync(now.Id, http.RequestAborted) ?? now;
        }
        var method = now.Channel == Channel.Push || (now.Channel is null && links.SocketOf(now.AgentId) is not null) ? "push" : "polling";
        return now.Status switch
        {
            CommandStatus.Executed => Problems.Json(new SeedContainReply(done, method, now.Id)),
            CommandStatus.AwaitingApproval => Problems.Json(new SeedContainReply("awaiting_approval", method, now.Id), 202),
            CommandStatus.Pending or CommandStatus.Delivered => Problems.Json(new SeedContainReply("queued", method, now.Id), 202),
            _ => Problems.Json(new SeedContainReply(Words.Of(now.Status), method, now.Id)),
        };
    }
}
