using System.Globalization;
using System.Text.Json;
using FluentValidation;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Operators;
using Voltaxe.Hub.Domain;
using Voltaxe.Hub.Persistence;
using Voltaxe.Hub.Pipeline;
using Voltaxe.Hub.Security;

namespace Voltaxe.Hub.Commands;

/// <summary>An operator orders one thing of 1 to 500 hosts: all of them or none, in one transaction.</summary>
public static class QueueCommands
{
    public const int MaxHosts = 500;

    /// <param name="By">Who orders.</param>
    /// <param name="Order">What.</param>
    /// <param name="Key">The <c>Idempotency-Key</c>, or null.</param>
    /// <param name="BodyHash">A hash of the body, byte for byte; only read with a key.</param>
    public sealed record Request(Caller By, NewCommands Order, string? Key = null, string BodyHash = "") : IRequest<Result<QueuedCommands>>, IOperatorRequest
    {
        public Permission Needs => Permission.Command;
    }

    public sealed class Rules : AbstractValidator<Request>
    {
        public Rules(HubOptions options, HubClock clock)
        {
            RuleFor(r => r).Custom((request, context) =>
            {
                var order = request.Order;
                foreach (var (field, texts) in CommandParams.Check(order.Command ?? "", order.Params))
                    foreach (var text in texts)
                        context.AddFailure(field, text);
                if (order.Hosts is null == order.Tags is null)
                    context.AddFailure("hosts", "give exactly one of hosts and tags");
                if (order.Hosts is { } hosts && (hosts.Count is 0 or > MaxHosts || hosts.Any(h => h is null || !IsName(h))))
                    context.AddFailure("hosts", $"must be 1 to {MaxHosts} host names or agent ids");
                if (order.Tags is { } tags && (tags.Count is 0 or > 32 || tags.Any(t => t is null || !IsName(t))))
                    context.AddFailure("tags", "must be 1 to 32 tags");
                if (Texts.FaultOfReason(order.Reason) is { } reason)
                    context.AddFailure("reason", reason);
                if (order.Ticket is { } ticket && (ticket.Length is 0 or > 100 || ticket.Any(char.IsControl)))
                    context.AddFailure("ticket", "must be 1 to 100 characters, without control characters");
                if (order.Priority is < 0 or > 10)
                    context.AddFailure("priority", "must be from 0 to 10");
                if (order.ExpiresInSeconds is < 30 or > 2_592_000)
                    context.AddFailure("expires_in_seconds", "must be from 30 to 2592000");
                if (order.NotBefore > clock.Now + options.Delivery.MaxDelay)
                    context.AddFailure("not_before", $"must lie at most {options.Delivery.MaxDelay.TotalDays:0} days ahead");
                if (request.Key is { } key && (key.Length is 0 or > 255 || key.Any(c => c is < '!' or > '~')))
                    context.AddFailure("idempotency_key", "must be 1 to 255 printable ASCII characters");
            });
        }

        private static bool IsName(string text) => text.Length is > 0 and <= 253 && !text.Any(char.IsControl);
    }

    public sealed class Handler(HubStore store, HubOptions options, CommandSeals seals, HubKeys keys) : IRequestHandler<Request, Result<QueuedCommands>>
    {
        public Task<Result<QueuedCommands>> Handle(Request request, CancellationToken cancellationToken) => store.WriteAsync<Result<QueuedCommands>>(async (write, ct) =>
        {
            IdempotentAnswer? kept = null;
            if (request.Key is { } key)
            {
                kept = await Idempotency.BeginAsync(write, request.By.Name, key, request.BodyHash, ct);
                if (kept is null)
                    return write.Abandon<Result<QueuedCommands>>(new Refusal(422, "idempotency_key_reused", "This Idempotency-Key was used with another body."));
                if (kept.Answer.Length > 0)
                    return JsonSerializer.Deserialize(kept.Answer, WireJson.Default.QueuedCommands)!;
            }
            var found = request.Order.Hosts is { } hosts ? await Hosts.FindAsync(write.Db, hosts, ct) : await Hosts.TaggedAsync(write.Db, request.Order.Tags!, MaxHosts, ct);
            if (found.IsRefused)
                return write.Abandon<Result<QueuedCommands>>(found.Refusal!);
            var agents = await write.LockAgentsAsync(found.Value, ct);
            if (agents.Where(a => a.RevokedAt is not null).Select(a => a.Hostname).ToList() is { Count: > 0 } revoked)
                return write.Abandon<Result<QueuedCommands>>(Hosts.Unknown(revoked)); // Between the look and the lock.
            var commands = await EnqueueAsync(write, request, found.Value, agents.ToDictionary(a => a.Id), ct);
            var answer = new QueuedCommands(commands[0].BatchId, [.. commands.Select(CommandViews.Of)]);
            if (kept is not null)
                kept.Answer = JsonSerializer.Serialize(answer, WireJson.Default.QueuedCommands);
            return answer;
        }, cancellationToken);

        private async Task<List<Command>> EnqueueAsync(HubWrite write, Request request, IReadOnlyList<string> agentIds, Dictionary<string, Agent> agents, CancellationToken ct)
        {
            var order = request.Order;
            var open = (await write.OpenCommandsAsync(agentIds, ct)).ToLookup(c => c.AgentId);
            var numbers = await write.TakeNumbersAsync(agentIds.Count, ct);
            var batch = agentIds.Count > 1 ? "b-" + Guid.CreateVersion7(write.Now).ToString("N", CultureInfo.InvariantCulture) : null;
            var lifetime = order.ExpiresInSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : options.Delivery.LifetimeOf(order.Command!);
            if (lifetime > options.Delivery.MaxLifetime)
                lifetime = options.Delivery.MaxLifetime;
            var parameters = order.Params is { ValueKind: JsonValueKind.Object } given ? given.GetRawText() : "{}";
            var commands = new List<Command>(agentIds.Count);
            foreach (var (agentId, number) in agentIds.Zip(numbers))
            {
                var agent = agents[agentId];
                var command = new Command
                {
                    Id = number,
                    Uid = Guid.CreateVersion7(write.Now),
                    AgentId = agent.Id,
                    Hostname = agent.Hostname,
                    Name = order.Command!,
                    Params = parameters,
                    Reason = order.Reason!.Trim(),
                    Ticket = order.Ticket,
                    CreatedBy = request.By.Name,
                    CreatedAt = write.Now,
                    Priority = order.Priority ?? DeliveryLimits.PriorityOf(order.Command!),
                    BatchId = batch,
                    NotBefore = order.NotBefore,
                    LifetimeSeconds = (int)lifetime.TotalSeconds,
                }.Enqueued();
                command.Seal = seals.Of(command);
                Intent.Created(command, open[agentId], write.Now);
                if (command.Status == CommandStatus.Pending && (command.NotBefore is null || command.NotBefore <= write.Now))
                    Intent.MakeDue(command, agent, open[agentId], keys.HubId, keys.SignCommand, write.Now);
                commands.Add(command);
            }
            write.Db.Commands.AddRange(commands);
            write.Audit(request.By.Actor, "command_queued", batch is null ? $"command:{commands[0].Id}" : $"batch:{batch}", "done",
                $$"""{"command":"{{order.Command}}","hosts":{{commands.Count}},"first":{{commands[0].Id}},"last":{{commands[^1].Id}}}""", request.By.Address);
            return commands;
        }
    }
}
