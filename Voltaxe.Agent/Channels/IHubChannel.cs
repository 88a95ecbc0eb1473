using System.Net;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Channels;

/// <summary>The hub answered with a refusal.</summary>
public sealed class HubRefusedException(HttpStatusCode? status, string message, Exception? inner = null) : Exception(message, inner)
{
    public HttpStatusCode? Status { get; } = status;
}

/// <summary>A way to say a sync: the socket, or a request. Whatever fails throws; the keeper decides what then.</summary>
public interface IHubChannel
{
    /// <summary>`push` on a socket, `poll` otherwise: for logs and `status`.</summary>
    string Name { get; }

    /// <summary>The hub at its other end.</summary>
    Uri Hub { get; }

    /// <param name="sent">Called when the request has left; a parked one lets others pass from then on.</param>
    Task<SyncReply> SyncAsync(SyncRequest request, Action sent, CancellationToken ct);
}

/// <summary>A channel that the hub can use too.</summary>
public interface ISocketChannel : IHubChannel, IAsyncDisposable
{
    /// <summary>Cancelled when the socket is gone.</summary>
    CancellationToken Closed { get; }

    string? ClosedWhy { get; }
}
