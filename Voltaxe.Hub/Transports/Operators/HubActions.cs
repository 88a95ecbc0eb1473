using System.Diagnostics;
using MediatR;
using Microsoft.AspNetCore.Components.Authorization;
using Voltaxe.Contracts.Operators;
using Voltaxe.Hub.Commands;
using Voltaxe.Hub.Delivery;
using Voltaxe.Hub.Pipeline;

namespace Voltaxe.Hub.Transports.Operators;

/// <summary>The dashboard's hands: the same requests as the API's, by the user that the circuit is signed in as.</summary>
public sealed class HubActions(IServiceScopeFactory scopes, AuthenticationStateProvider authentication) : IHubActions
{
    public Task<Answered<QueuedCommands>> QueueAsync(NewCommands order, CancellationToken ct) =>
        SendAsync(caller => new QueueCommands.Request(caller, order), ct);

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
