using System.Collections.Concurrent;
using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using Voltaxe.Agent.Platform;

namespace Voltaxe.Agent.Channels;

/// <summary>
/// Where the hubs are, name by name: all their addresses, or those of the proxy on the way. While the host is isolated, names do not
/// resolve; then the addresses that were let through are used.
/// </summary>
public sealed class HubAddresses(IReadOnlyList<Uri> hubs) : IHubWhereabouts
{
    /// <summary>How long all addresses of a name have together, a little less than the client waits for a connection; and how long each has at least.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(9), Shortest = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, IPAddress> lastUsed = new(StringComparer.Ordinal);
    private volatile IReadOnlyDictionary<string, string[]>? pinned;

    /// <summary>Uses these addresses instead of asking for names; null: asks again.</summary>
    public void Pin(IReadOnlyDictionary<string, string[]>? addresses) => pinned = addresses;

    /// <summary>Addresses by <c>host:port</c>, of every hub or its proxy; hosts that do not resolve are left out.</summary>
    public async Task<IReadOnlyDictionary<string, string[]>> ResolveAsync(CancellationToken ct)
    {
        var resolved = new Dictionary<string, string[]>(StringComparer.Ordinal);
        foreach (var (host, port) in hubs.Select(Target).Distinct())
        {
            var addresses = await AddressesAsync(host, port, ct);
            var used = lastUsed.TryGetValue(Key(host, port), out var last) ? addresses.Append(last) : addresses;
            string[] texts = [.. used.Select(Plain).Distinct()];
            if (texts.Length > 0)
                resolved[Key(host, port)] = texts;
        }
        return resolved;
    }

    /// <summary>The addresses of <see cref="ResolveAsync"/> with their ports.</summary>
    public IReadOnlyList<IPEndPoint> EndPoints(IReadOnlyDictionary<string, string[]> resolved) =>
    [
        .. resolved.SelectMany(r => r.Value.Select(a => new IPEndPoint(IPAddress.Parse(a), int.Parse(r.Key[(r.Key.LastIndexOf(':') + 1)..], System.Globalization.CultureInfo.InvariantCulture)))).Distinct(),
    ];

    /// <summary>
    /// Connects to the first address that answers, the one that did so last before the others. One that is silent gets its share of the
    /// time, not all of it. Addresses that are pinned and do not answer may be old ones: then the name is asked for after all.
    /// </summary>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken ct)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        var known = await AddressesAsync(host, port, ct);
        var isPinned = pinned?.ContainsKey(Key(host, port)) == true;
        if (lastUsed.TryGetValue(Key(host, port), out var last) && known.Contains(last))
            known = [last, .. known.Where(a => !a.Equals(last))];
        var (stream, fault) = await ConnectToAnyAsync(known, host, port, patience: isPinned || known.Length > 1 ? TimeSpan.FromTicks(Patience.Ticks / Math.Max(known.Length, isPinned ? 2 : 1)) : null, ct);
        if (stream is null && isPinned)
            (stream, fault) = await ConnectToAnyAsync([.. (await AskAsync(host, ct)).Except(known)], host, port, patience: null, ct);
        return stream ?? throw fault ?? new SocketException((int)SocketError.HostNotFound);
    }

    private async Task<(Stream? Stream, Exception? Fault)> ConnectToAnyAsync(IPAddress[] addresses, string host, int port, TimeSpan? patience, CancellationToken ct)
    {
        Exception? fault = null;
        foreach (var address in addresses)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
            if (patience is { } atMost)
                limit.CancelAfter(atMost > Shortest ? atMost : Shortest);
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(new IPEndPoint(address, port), limit.Token);
                lastUsed[Key(host, port)] = address;
                return (new NetworkStream(socket, ownsSocket: true), null);
            }
            catch (Exception e)
            {
                socket.Dispose();
                if (e is not (SocketException or OperationCanceledException) || ct.IsCancellationRequested)
                    throw;
                fault = e is SocketException ? e : new SocketException((int)SocketError.TimedOut);
            }
        }
        return (null, fault);
    }

    private async Task<IPAddress[]> AddressesAsync(string host, int port, CancellationToken ct)
    {
        if (IPAddress.TryParse(host.Trim('[', ']'), out var literal))
            return [literal];
        return pinned is { } known && known.TryGetValue(Key(host, port), out var texts) ? [.. texts.Select(IPAddress.Parse)] : await AskAsync(host, ct);
    }

    private static async Task<IPAddress[]> AskAsync(string host, CancellationToken ct)
    {
        try
        {
            return await Dns.GetHostAddressesAsync(host, ct);
        }
        catch (SocketException)
        {
            return [];
        }
    }

    private static (string Host, int Port) Target(Uri hub)
    {
        var proxy = HttpClient.DefaultProxy.IsBypassed(hub) ? null : HttpClient.DefaultProxy.GetProxy(hub);
        var target = proxy ?? hub;
        return (target.IdnHost, target.Port);
    }

    private static string Plain(IPAddress address) => (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : new IPAddress(address.GetAddressBytes())).ToString();

    private static string Key(string host, int port) => $"{host.Trim('[', ']')}:{port}";
}
