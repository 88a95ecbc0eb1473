using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace Voltaxe.Agent.Platform.Rules;

/// <summary>What an isolation needs to know of its agent.</summary>
/// <param name="BootId">This boot of the machine.</param>
/// <param name="Now">Hub time, or the best guess.</param>
/// <param name="HubHeard">Whether the hub was heard of in the last seconds.</param>
/// <param name="NewSocket">Makes a TCP socket in the network that is isolated.</param>
public sealed record IsolationTies(string BootId, Func<DateTimeOffset> Now, Func<bool> HubHeard, Func<AddressFamily, Socket> NewSocket, TimeProvider Time)
{
    /// <summary>Told when something begins, or ceases, to get past the rules that stand: whose isolation it is, and what.</summary>
    public Action<Guid?, JsonObject>? News { get; init; }

    public static Socket HostSocket(AddressFamily family) => new(family, SocketType.Stream, ProtocolType.Tcp);
}
