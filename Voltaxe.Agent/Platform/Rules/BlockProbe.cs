using System.Net;
using System.Net.Sockets;

namespace Voltaxe.Agent.Platform.Rules;

/// <summary>Tries to connect where the rules let nobody, to see them refuse it.</summary>
/// <param name="newSocket">Makes a TCP socket in the network that is isolated.</param>
public sealed class BlockProbe(Func<AddressFamily, Socket> newSocket)
{
    /// <summary>Nobody serves here (tcpmux); it does not matter, because the refusal must be the rules' own.</summary>
    public const int Port = 1;

    private const int MostTargets = 6;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    /// <summary>Addresses that are nobody's: where the hub's own cannot be used, they still have to pass the rules on their way out.</summary>
    private static readonly IPAddress[] Nobodys = [IPAddress.Parse("192.0.2.1"), IPAddress.Parse("2001:db8::1")];

    /// <summary>What came of one attempt.</summary>
    public enum Answer { Refused, Forbidden, Connected, Silence, NoWay }

    /// <summary>What to try: the hubs' addresses, and nobody's, unless they are allowed or the host's own loopback.</summary>
    public static IReadOnlyList<IPEndPoint> Targets(IEnumerable<IPEndPoint> hubs, IReadOnlyList<string> allow)
    {
        var networks = allow.Select(Passage.Network).ToList();
        return
        [
            .. hubs.Select(h => h.Address).Concat(Nobodys).Distinct()
                .Where(a => !IPAddress.IsLoopback(a) && !networks.Exists(n => n.Contains(a)))
                .Take(MostTargets)
                .Select(a => new IPEndPoint(a, Port)),
        ];
    }

    public async Task<Answer> TryAsync(IPEndPoint target, TimeProvider time, CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        try
        {
            // Where a family is switched off, there is not even a socket of it.
            using var socket = newSocket(target.AddressFamily);
            await socket.ConnectAsync(target, either.Token);
            return Answer.Connected;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode switch
            {
                SocketError.ConnectionRefused => Answer.Refused,
                // The host itself does not let it out: so Windows says it when a rule blocks.
                SocketError.AccessDenied => Answer.Forbidden,
                _ => Answer.NoWay,
            };
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return Answer.Silence;
        }
    }
}
