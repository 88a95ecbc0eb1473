using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using FluentValidation;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Crypto;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Operators;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Domain;
using Voltaxe.Hub.Persistence;
using Voltaxe.Hub.Pipeline;
using Voltaxe.Hub.Security;

namespace Voltaxe.Hub.Commands;

/// <summary>
/// An admin makes a code that ends a host's isolation without the hub, for somebody who stands at it. Shown once and kept nowhere; that it
/// was made is in the audit trail. It takes the next place in the order of intent, as a restore would.
/// </summary>
public static class CreateReleaseCode
{
    public const int MinSeconds = 60;

    /// <param name="Host">A name (any case) or an agent id; a revoked agent, which hears the hub no more, by its id only.</param>
    public sealed record Request(Caller By, string Host, NewReleaseCode Body) : IRequest<Result<ReleaseCodeReply>>, IOperatorRequest
    {
        public Permission Needs => Permission.Administer;
    }

    public sealed class Rules : AbstractValidator<Request>
    {
        public Rules(HubOptions options)
        {
            var most = (int)options.ReleaseCodeLifetime.TotalSeconds;
            RuleFor(r => r.Body.Reason).Custom((reason, context) =>
            {
                if (Texts.FaultOfReason(reason) is { } fault)
                    context.AddFailure("reason", fault);
            });
            RuleFor(r => r.Body.ExpiresInSeconds).InclusiveBetween(MinSeconds, most).OverridePropertyName("expires_in_seconds")
                .WithMessage($"must be a whole number from {MinSeconds} to {most}");
        }
    }

    public sealed class Handler(HubStore store, HubKeys keys, HubOptions options) : IRequestHandler<Request, Result<ReleaseCodeReply>>
    {
        public Task<Result<ReleaseCodeReply>> Handle(Request request, CancellationToken cancellationToken) => store.WriteAsync<Result<ReleaseCodeReply>>(async (write, ct) =>
        {
            var key = request.Host.ToLowerInvariant();
            var id = AgentIds.IsAgentId(key) ? key
                : AgentIds.IsHostName(key) ? await write.Db.Agents.Where(a => a.HostnameKey == key && a.RevokedAt == null).Select(a => a.Id).SingleOrDefaultAsync(ct) : null;
            if (id is null || await write.LockAgentAsync(id, ct) is not { } agent)
                return Refusal.NotFound("There is no such host, or its agent is revoked: then name it by its agent id.", "id");
            if (agent.Legacy)
                return Refusal.Conflict("legacy_agent", "A legacy agent has no keys and takes no release code.");
            var isolations = await MayBeInForceAsync(write, agent, ct);
            if (isolations.Count == 0)
                return Refusal.Conflict("not_isolated", "This host is not known to be isolated: there is nothing that a release code could end.");

            var expiresAt = WholeSeconds.Up(write.Now + (request.Body.ExpiresInSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : options.ReleaseCodeLifetime));
            var nonce = Base64UrlText.Encode(RandomNumberGenerator.GetBytes(16));
            var seq = agent.DrawSeq(write.Now);
            var payload = JsonSerializer.SerializeToUtf8Bytes(
                new ReleasePayload(1, ReleasePayload.Release, keys.CommandKeyId, keys.HubId, agent.Id, [.. isolations.Select(c => c.Uid)], seq, nonce, WireTime.Truncate(write.Now), expiresAt),
                WireJson.Default.ReleasePayload);
            // What the host is known to hold, if there is one; else the newest that it may hold.
            var command = isolations.FirstOrDefault(c => c.Status == CommandStatus.Executed) ?? isolations[0];
            var detail = new JsonObject
            {
                ["hostname"] = agent.Hostname, ["command_id"] = command.Id, ["isolations"] = new JsonArray([.. isolations.Select(c => (JsonNode)c.Id)]),
                ["code"] = nonce, ["seq"] = seq, ["expires_at"] = WireTime.ToText(expiresAt), ["reason"] = request.Body.Reason!.Trim(),
            };
            write.Audit(request.By.Actor, "release_code_created", $"agent:{agent.Id}", "done", detail.ToJsonString(), request.By.Address, OnceOf(agent.Id, nonce));
            return new ReleaseCodeReply(ReleaseCodes.Compose(payload, keys.SignCommand(payload).Signature), expiresAt, command.Id);
        }, cancellationToken);
    }

    /// <summary>The trail's mark of a code: what an agent tells of a code that has none was not made here.</summary>
    public static string OnceOf(string agentId, string nonce) => $"{agentId}/release/{nonce}";

    /// <summary>
    /// The isolates of which one may be in force, newest first: what was handed out and not ended without effect, down to the last that the
    /// host is known to have carried out. A host whose last word is that it is free may only be under one that it had no time to tell of.
    /// </summary>
    private static async Task<IReadOnlyList<Command>> MayBeInForceAsync(HubWrite write, Agent agent, CancellationToken ct)
    {
        const int most = 8;
        var saysFree = agent.Isolated is false && agent.Rules is null or RulesState.None;
        var found = new List<Command>();
        var newest = write.Db.Commands.AsNoTracking()
            .Where(c => c.AgentId == agent.Id && c.Seq != null && (c.Name == CommandNames.NetworkIsolate || c.Name == CommandNames.NetworkRestore)
                && (c.Status == CommandStatus.Delivered || c.Status == CommandStatus.Executed || c.Status == CommandStatus.Failed || c.Status == CommandStatus.Unknown))
            .OrderByDescending(c => c.Seq).Take(most * 4);
        foreach (var command in await newest.ToListAsync(ct))
        {
            var silent = command.Status == CommandStatus.Delivered
                || command is { Status: CommandStatus.Unknown, UnknownWhy: UnknownWhy.NoReport or UnknownWhy.AgentRetired };
            if (command.Name == CommandNames.NetworkIsolate && (silent || !saysFree) && found.Count < most)
                found.Add(command);
            if (command.Status == CommandStatus.Executed)
                break;
        }
        return found;
    }
}
