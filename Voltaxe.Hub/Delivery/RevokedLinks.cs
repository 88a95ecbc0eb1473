using Voltaxe.Hub.Security;

namespace Voltaxe.Hub.Delivery;

/// <summary>Ends the sockets and parked requests of an agent as soon as this node knows that it is revoked.</summary>
public sealed class RevokedLinks(AgentRevocations revocations, AgentLinks links) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        revocations.Revoked += links.Cut;
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        revocations.Revoked -= links.Cut;
        return Task.CompletedTask;
    }
}
