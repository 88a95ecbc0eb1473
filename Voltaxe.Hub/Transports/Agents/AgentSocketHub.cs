using MediatR;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.SignalR;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Agents;
using Voltaxe.Hub.Delivery;
using Voltaxe.Hub.Persistence;
using Voltaxe.Hub.Pipeline;
using Voltaxe.Hub.Security;

namespace Voltaxe.Hub.Transports.Agents;

/// <summary>The agents' socket: one method in, <see cref="SyncAgent"/>; envelopes, cancels and questions out.</summary>
[Authorize(Policies.AgentWithKey)]
public sealed class AgentSocketHub(IMediator mediator, AgentLinks links, PresenceBoard presence, CommitBell bell, AgentRevocations revocations) : Microsoft.AspNetCore.SignalR.Hub
{
    /// <exception cref="HubException">Refused; the message carries <c>urn:voltaxe:problem:&lt;slug&gt;</c>.</exception>
    public async Task<SyncReply> Sync(SyncRequest request)
    {
        var socket = new Socket(Context, Clients.Caller);
        Result<SyncReply> result;
        try
        {
            result = request is null
                ? Refusal.Invalid("request", "is required")
                : await mediator.Send(new SyncAgent.Request(Context.User!.AgentId(), request, socket), Context.ConnectionAborted);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            result = Failures.ToRefusal(e);
            if (result.Refusal!.Status == 500)
                throw;
        }
        // A connection that ended, or an agent that was revoked, while its sync was under way: nobody else would take it off the wire.
        if (Context.ConnectionAborted.IsCancellationRequested)
            Leave();
        if (revocations.IsRevoked(Context.User!.AgentId()))
        {
            Leave();
            result = Refusal.Unauthenticated("This agent was revoked.");
        }
        if (result.Refusal is not { } refusal)
            return result.Value;
        if (refusal.Slug is "epoch_replaced" or "session_replaced" or "unauthenticated")
            _ = CloseSoonAsync(Context);
        throw new HubException($"{Problems.TypeOf(refusal.Slug)} {refusal.Detail}" + (refusal.Errors is null ? "" : " " + string.Join("; ", refusal.Errors.Select(e => $"{e.Key}: {string.Join(", ", e.Value)}"))));
    }

    public override Task OnDisconnectedAsync(Exception? exception)
    {
        Leave();
        return base.OnDisconnectedAsync(exception);
    }

    private void Leave()
    {
        var agentId = Context.User!.AgentId();
        if (!links.Close(agentId, Context.ConnectionId))
            return;
        presence.SocketClosed(agentId);
        bell.Ring(new Committed([], [agentId], []));
    }

    /// <summary>After the refusal has gone out.</summary>
    private static async Task CloseSoonAsync(HubCallerContext context)
    {
        await Task.Yield();
        await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);
        context.Abort();
    }

    private sealed class Socket(HubCallerContext context, ISingleClientProxy client) : IAgentSocket
    {
        public string ConnectionId { get; } = context.ConnectionId;

        public Task ExecuteAsync(IReadOnlyList<Envelope> envelopes, CancellationToken ct) => client.SendAsync(AgentRoutes.Execute, envelopes.ToArray(), ct);

        public Task CancelAsync(IReadOnlyList<CancelOrder> cancels, CancellationToken ct) => client.SendAsync(AgentRoutes.Cancel, cancels.ToArray(), ct);

        public Task AskAsync(IReadOnlyList<Ask> asks, CancellationToken ct) => client.SendAsync(AgentRoutes.Ask, asks.ToArray(), ct);

        public void Abort() => context.Abort();
    }
}
