using System.Collections.Concurrent;
using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using Voltaxe.Agent.Platform;

namespace Voltaxe.Agent.Channels;

/// <summary>
/// Where the hubs are, name by name: all their addresses, or those of the proxy on the way. While the host is isolated, names do not
/// resolve; then the addresses that were let through are used. Where names are broken, those at which the hub last answered are.
/// </summary>
/// <param name="answered">The addresses at which the hubs answered before; null: none are kept.</param>
public sealed class HubAddresses(IReadOnlyList<Uri> hubs, AnsweredAddresses? answered = null) : IHubWhereabouts
{
    /// <summary>How long all addresses of a name have together, a little less than the client waits for a connection; and how long each has at least.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(9), Shortest = TimeSpan.FromSeconds(1);

    /// <summary>How long a name may take to resolve where an address is known that has answered.</summary>
    private static readonly TimeSpan DnsTimeout = TimeSpan.FromSeconds(3);

    private readonly ConcurrentDictionary<string, IPAddress> lastUsed = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Key, IPAddress Address), int> unanswered = new();
    private volatile IReadOnlyDictionary<string, string[]>? pinned;

    /// <summary>Uses these addresses instead of asking for names; null: asks again.</summary>
    public void Pin(IReadOnlyDictionary<string, string[]>? addresses) => pinned = addresses;

    /// <summary>The hub answered over the connection that was made last: its address is kept.</summary>
    public void Answered(Uri hub)
    {
        var (host, port) = Target(hub);
        if (!lastUsed.TryGetValue(Key(host, port), out var address))
            return;
        foreach (var tried in unanswered.Keys.Where(k => k.Key == Key(host, port)))
            unanswered.TryRemove(tried, out _);
        if (!IPAddress.TryParse(host.Trim('[', ']'), out _))
            answered?.Add(Key(host, port), IPAddress.Parse(Plain(address)));
    }

    /// <summary>Addresses by <c>host:port</c>, of every hub or its proxy; hosts of which no address is known are left out.</summary>
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
    /// Connects to the first address that accepts: the one over which the hub answered last before the others, and those that accepted
    /// without an answer of the hub after the others. One that is silent gets its share of the time, not all of it. Addresses that are
    /// pinned and do not accept may be old ones: then the name is asked for after all.
    /// </summary>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken ct)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        var known = await AddressesAsync(host, port, ct);
        var isPinned = pinned?.ContainsKey(Key(host, port)) == true;
        var last = lastUsed.GetValueOrDefault(Key(host, port));
        known = [.. known.OrderBy(a => unanswered.GetValueOrDefault((Key(host, port), a))).ThenBy(a => a.Equals(last) ? 0 : 1)];
        var (stream, fault) = await ConnectToAnyAsync(known, host, port, patience: isPinned || known.Length > 1 ? TimeSpan.FromTicks(Patience.Ticks / Math.Max(known.Length, isPinned ? 2 : 1)) : null, ct);
        if (stream is null && isPinned)
            (stream, fault) = await ConnectToAnyAsync([.. (await AskAsync(host, Timeout.InfiniteTimeSpan, ct)).Except(known)], host, port, patience: null, ct);
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
                unanswered.AddOrUpdate((Key(host, port), address), 1, static (_, tries) => tries + 1);
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
        if (pinned is { } known && known.TryGetValue(Key(host, port), out var texts))
            return [.. texts.Select(IPAddress.Parse)];
        var before = answered?.Of(Key(host, port)) ?? [];
        return [.. (await AskAsync(host, before.Length > 0 ? DnsTimeout : Timeout.InfiniteTimeSpan, ct)).Concat(before).DistinctBy(Plain)];
    }

    private static async Task<IPAddress[]> AskAsync(string host, TimeSpan atMost, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(atMost);
        try
        {
            return await Dns.GetHostAddressesAsync(host, limit.Token);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException && !ct.IsCancellationRequested)
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
