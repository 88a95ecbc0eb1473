using MediatR;
using Voltaxe.Contracts.Operators;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Agents;
using Voltaxe.Hub.Domain;
using Voltaxe.Hub.Persistence;
using Voltaxe.Hub.Pipeline;

namespace Voltaxe.Hub.Delivery;

/// <summary>
/// An agent says everything it has to say, and gets everything there is for it. One transaction, in the protocol's order: epoch,
/// staleness, info and observed, received and holding, results, events, answers, claim, cancel.
/// </summary>
public static class SyncAgent
{
    /// <param name="AgentId">From the credential alone.</param>
    /// <param name="Sync">What it says.</param>
    /// <param name="Socket">The socket that carried it; null over HTTP.</param>
    public sealed record Request(string AgentId, SyncRequest Sync, IAgentSocket? Socket) : IRequest<Result<SyncReply>>;

    public sealed class Handler(HubStore store, PresenceBoard presence, AgentLinks links, PushPump pump, Asks asks, SyncPass pass, HubOptions options)
        : IRequestHandler<Request, Result<SyncReply>>
    {
        public async Task<Result<SyncReply>> Handle(Request request, CancellationToken cancellationToken)
        {
            var (agentId, sync, socket) = request;
            if (sync.HighestSeq >= AgentRoutes.SeqLimit)
                return await store.WriteAsync<Result<SyncReply>>(async (write, ct) => await SeqAlarm.RefuseAsync(write, agentId, sync.HighestSeq, ct), cancellationToken);
            var knownSocket = socket is null || links.SessionOf(agentId, socket.ConnectionId) is not null;
            if (knownSocket && presence.IsUneventful(agentId, sync, socket is not null, store.Clock.Now))
                return Reply(agentId, SyncOutcome.Empty);
            var entry = presence.Of(agentId);
            long rings;
            lock (entry.Gate)
                rings = entry.Rings;
            var outcome = await store.WriteAsync((write, ct) => pass.RunAsync(write, request, ct), cancellationToken);
            if (outcome.IsRefused)
                return outcome.Refusal!;
            var done = outcome.Value;
            if (done.Standing != Standing.Stale)
            {
                asks.Answered(agentId, sync.Answers);
                presence.Saw(agentId, sync, socket is not null, done.HasOpen, rings, store.Clock.Now);
                if (done.NewSession is { } session)
                {
                    links.Open(agentId, socket!, session);
                    if (presence.HasRungSince(agentId, rings)) // for a socket that was not there yet
                        pump.Ring([agentId]);
                }
            }
            return Reply(agentId, done);
        }

        private Result<SyncReply> Reply(string agentId, SyncOutcome done) => new SyncReply
        {
            HubTime = store.Clock.Now,
            Commands = done.Commands,
            Recorded = done.Recorded,
            Cancel = done.Cancels,
            Drop = done.Drops,
            Asks = done.Standing == Standing.Stale ? [] : asks.PendingFor(agentId),
            NextPollSeconds = options.PollSeconds,
        };
    }
}

/// <summary>What one pass over a sync came to.</summary>
public sealed record SyncOutcome(
    Standing Standing, bool HasOpen, long? NewSession,
    IReadOnlyList<Envelope> Commands, IReadOnlyList<string> Recorded, IReadOnlyList<CancelOrder> Cancels, IReadOnlyList<DropNotice> Drops)
{
    public static SyncOutcome Empty { get; } = new(Standing.Current, false, null, [], [], [], []);
}
