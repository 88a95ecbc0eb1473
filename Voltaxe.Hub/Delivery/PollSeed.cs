using System.Text.Json;
using System.Text.Json.Nodes;
using MediatR;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Operators;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Agents;
using Voltaxe.Hub.Domain;
using Voltaxe.Hub.Persistence;
using Voltaxe.Hub.Pipeline;

namespace Voltaxe.Hub.Delivery;

/// <summary>The seed's poll: the same claim, once. An agent without a journal gets each command once; silence ends as <c>unknown</c>.</summary>
public static class PollSeed
{
    /// <param name="AgentId">From the credential alone.</param>
    /// <param name="Hosts">What the query named; only compared.</param>
    public sealed record Request(string AgentId, IReadOnlyList<string> Hosts) : IRequest<Result<IReadOnlyList<SeedCommand>>>;

    public sealed class Handler(HubStore store, PresenceBoard presence, SeedIdentity identity, HubOptions options)
        : IRequestHandler<Request, Result<IReadOnlyList<SeedCommand>>>
    {
        public async Task<Result<IReadOnlyList<SeedCommand>>> Handle(Request request, CancellationToken cancellationToken)
        {
            if (request.Hosts.Count == 0)
                return Refusal.Invalid("host", "is required");
            var name = await identity.HostnameOfAsync(request.AgentId, cancellationToken);
            if (name is null)
                return Refusal.Unauthenticated("This agent was revoked.");
            if (request.Hosts.Any(h => !h.Equals(name, StringComparison.OrdinalIgnoreCase)))
                return Refusal.Forbidden("This credential belongs to another host.");
            var entry = presence.Of(request.AgentId);
            long rings;
            lock (entry.Gate)
            {
                rings = entry.Rings;
                entry.LastSeen = store.Clock.Now;
                entry.Dirty = true;
                if (!entry.MayHaveOpen)
                    return Array.Empty<SeedCommand>();
            }
            var (chosen, pending) = await store.WriteAsync(async (write, ct) =>
            {
                var agent = await write.LockAgentAsync(request.AgentId, ct) ?? throw new InvalidOperationException($"agent {request.AgentId} is gone");
                agent.LastSeenAt = write.Now;
                var open = await write.OpenCommandsAsync([agent.Id], ct);
                var handed = Claim.HandOut(write, agent, open, null, new HandOutTo(Channel.Poll, null, null, true), options.Delivery);
                return (handed, open.Any(c => !c.IsTerminal && !c.SeedRoute));
            }, cancellationToken);
            lock (entry.Gate)
            {
                if (entry.Rings == rings)
                    entry.MayHaveOpen = pending;
            }
            return chosen.OrderByDescending(c => c.Priority).ThenBy(c => c.Seq).Select(Of).ToList();
        }

        private static SeedCommand Of(Command c)
        {
            var parameters = JsonNode.Parse(c.Params)!.AsObject();
            parameters["hostname"] = c.Hostname;
            parameters["initiated_by"] = c.CreatedBy;
            parameters["reason"] = c.Reason;
            parameters["timestamp"] = WireTime.ToText(c.CreatedAt);
            return new SeedCommand(c.Id, c.Name, JsonElement.Parse(parameters.ToJsonString()), c.Priority, c.CreatedAt);
        }
    }
}
