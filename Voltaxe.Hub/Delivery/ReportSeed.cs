using System.Text.Json;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Operators;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Commands;
using Voltaxe.Hub.Domain;
using Voltaxe.Hub.Persistence;
using Voltaxe.Hub.Pipeline;

namespace Voltaxe.Hub.Delivery;

/// <summary>The seed's result: recorded once, repeated in the same words, refused in others.</summary>
public static class ReportSeed
{
    public sealed record Request(string AgentId, SeedResult Result) : IRequest<Result<SeedResultReply>>;

    public sealed class Handler(HubStore store, ILogger<Handler> log) : IRequestHandler<Request, Result<SeedResultReply>>
    {
        public Task<Result<SeedResultReply>> Handle(Request request, CancellationToken cancellationToken)
        {
            var said = request.Result;
            if (FaultOf(said) is { } fault)
                return Task.FromResult<Result<SeedResultReply>>(fault);
            return store.WriteAsync<Result<SeedResultReply>>(async (write, ct) =>
            {
                var agent = await write.LockAgentAsync(request.AgentId, ct) ?? throw new InvalidOperationException($"agent {request.AgentId} is gone");
                if (agent.RevokedAt is not null)
                    return Refusal.Unauthenticated("This agent was revoked.");
                var command = await write.CommandAsync(said.CommandId!.Value, ct);
                if (command is null || command.AgentId != agent.Id)
                {
                    if (command is not null)
                        write.Audit($"agent:{agent.Id}", "result_of_another_agent", $"command:{command.Id}", "refused");
                    return Refusal.NotFound("Command not found");
                }
                if (command.AgentMade)
                    return IsSame(command, said) ? Recorded(command) : Conflict(write, agent, command, said);
                if (command.Attempt == 0)
                    return Refusal.Conflict("not_handed_out", $"Command {command.Id} was never handed out.");
                var report = new ResultReport(command.Uid, command.Attempt, said.Success == true ? Outcome.Executed : Outcome.Failed,
                    said.Message, said.Data, null, null, null);
                await ResultRecording.ApplyAsync(write, agent, [command], [report], log, ct);
                return Recorded(command);
            }, cancellationToken);
        }

        private static Refusal? FaultOf(SeedResult said)
        {
            var faults = new Dictionary<string, string[]>();
            if (said.CommandId is null or < 1 or >= 1L << 53)
                faults["command_id"] = ["must be the number of a command"];
            if (said.Success is null)
                faults["success"] = ["is required: true or false"];
            if (said.Message?.Length > 10_000)
                faults["message"] = ["must be at most 10000 characters"];
            if (!AgentData.Fits(said.Data, ResultReport.MaxDataBytes))
                faults["data"] = [$"must be at most 256 KiB, {AgentData.Rule}"];
            return faults.Count > 0 ? Refusal.Invalid(faults) : null;
        }

        private static SeedResultReply Recorded(Command command) => new("recorded", CommandViews.Of(command));

        private static Refusal Conflict(HubWrite write, Agent agent, Command command, SeedResult said)
        {
            write.Audit($"agent:{agent.Id}", "result_conflict", $"command:{command.Id}", Words.Of(command.Status), JsonSerializer.Serialize(said, WireJson.Default.SeedResult));
            return Refusal.Conflict("result_conflict", $"Command {command.Id} was reported before, in other words.");
        }

        private static bool IsSame(Command command, SeedResult said)
        {
            var first = CommandViews.Of(command).Result;
            return first is not null && first.Success == said.Success && (first.Message ?? "") == (said.Message ?? "") && Same(first.Data, said.Data);
        }

        private static bool Same(JsonElement? a, JsonElement? b) =>
            IsNothing(a) || IsNothing(b) ? IsNothing(a) && IsNothing(b) : JsonElement.DeepEquals(a!.Value, b!.Value);

        private static bool IsNothing(JsonElement? e) => e is null or { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined };
    }
}
