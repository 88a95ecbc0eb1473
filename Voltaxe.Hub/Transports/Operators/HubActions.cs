using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using MediatR;
using Microsoft.AspNetCore.Components.Authorization;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Operators;
using Voltaxe.Hub.Commands;
using Voltaxe.Hub.Delivery;
using Voltaxe.Hub.Pipeline;
using Voltaxe.Hub.Security;

namespace Voltaxe.Hub.Transports.Operators;

/// <summary>The dashboard's hands: the same requests as the API's, by the user that the circuit is signed in as.</summary>
public sealed class HubActions(IServiceScopeFactory scopes, AuthenticationStateProvider authentication, OperatorSessions sessions) : IHubActions
{
    private static readonly Refusal SessionEnded = new(401, "session_ended", "You are no longer signed in, so nothing was ordered. Sign in again.");

    public Task<Answered<QueuedCommands>> QueueAsync(NewCommands order, string key, CancellationToken ct) =>
        SendAsync(caller => new QueueCommands.Request(caller, order, key, Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(order, WireJson.Default.NewCommands)))), ct);

    public Task<Answered<CommandView>> CancelAsync(long id, string reason, CancellationToken ct) =>
        SendAsync(caller => new CancelCommand.Request(caller, id, reason), ct);

    public Task<Answered<ProcessList>> AskProcessesAsync(string agentId, CancellationToken ct) =>
        SendAsync(caller => new AskProcesses.Request(caller, agentId), ct);

    public Task<Answered<ReleaseCodeReply>> CreateReleaseCodeAsync(string agentId, string reason, CancellationToken ct) =>
        SendAsync(caller => new CreateReleaseCode.Request(caller, agentId, new NewReleaseCode(reason, null)), ct);

    private async Task<Answered<T>> SendAsync<T>(Func<Caller, IRequest<Result<T>>> request, CancellationToken ct) where T : class
    {
        var trace = Activity.Current?.TraceId.ToHexString() ?? ActivityTraceId.CreateRandom().ToHexString();
        try
        {
            var user = (await authentication.GetAuthenticationStateAsync()).User;
            // The circuit finds out within seconds; what is ordered meanwhile is not.
            if (!await sessions.StandsAsync(user, active: true, ct))
                return SessionEnded.ToView(trace);
            await using var scope = scopes.CreateAsyncScope();
            var answer = await scope.ServiceProvider.GetRequiredService<IMediator>().Send(request(user.ToCaller()), ct);
            return answer.Refusal is { } refusal ? refusal.ToView(trace) : answer.Value;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return Failures.ToRefusal(e).ToView(trace);
        }
    }
}
