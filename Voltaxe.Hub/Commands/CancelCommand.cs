using System.Text.Json;
using FluentValidation;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Operators;
using Voltaxe.Hub.Domain;
using Voltaxe.Hub.Persistence;
using Voltaxe.Hub.Pipeline;

namespace Voltaxe.Hub.Commands;

/// <summary>An operator withdraws a command. Honest: "cancelled" only where no effect can have happened; else the agent is asked.</summary>
public static class CancelCommand
{
    public sealed record Request(Caller By, long Id, string? Reason) : IRequest<Result<CommandView>>, IOperatorRequest
    {
        public Permission Needs => Permission.Command;
    }

    public sealed class Rules : AbstractValidator<Request>
    {
        public Rules() => RuleFor(r => r.Reason).Custom((reason, context) =>
        {
            if (Texts.FaultOfReason(reason) is { } fault)
                context.AddFailure("reason", fault);
        });
    }

    public sealed class Handler(HubStore store) : IRequestHandler<Request, Result<CommandView>>
    {
        public Task<Result<CommandView>> Handle(Request request, CancellationToken cancellationToken) => store.WriteAsync<Result<CommandView>>(async (write, ct) =>
        {
            var agentId = await write.Db.Commands.Where(c => c.Id == request.Id).Select(c => c.AgentId).SingleOrDefaultAsync(ct);
            if (agentId is null)
                return Refusal.NotFound($"There is no command {request.Id}.");
            var agent = await write.LockAgentAsync(agentId, ct) ?? throw new InvalidOperationException($"command {request.Id} has no agent");
            if (await write.CommandAsync(request.Id, ct) is not { } command)
                return Refusal.NotFound($"There is no command {request.Id}."); // Between the look and the lock.
            if (command.IsTerminal)
                return Refusal.Conflict("already_ended", $"Command {command.Id} has ended: {Words.Of(command.Status)}.");
            if (command.CancelRequestedAt is not null)
                return CommandViews.Of(command);
            command.Withdraw(request.By.Name, write.Now);
            Intent.Ended(command, agent);
            write.Audit(request.By.Actor, "command_cancel", $"command:{command.Id}", Words.Of(command.Status),
                JsonSerializer.Serialize(new() { ["reason"] = JsonSerializer.SerializeToElement(request.Reason!.Trim(), WireJson.Default.String) }, WireJson.Default.DictionaryStringJsonElement),
                request.By.Address);
            return CommandViews.Of(command);
        }, cancellationToken);
    }
}
