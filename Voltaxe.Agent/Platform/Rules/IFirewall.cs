using System.Net;
using System.Text.Json.Nodes;

namespace Voltaxe.Agent.Platform.Rules;

/// <summary>What an isolation lets through, besides what every host needs to have an address at all.</summary>
/// <param name="Hubs">Where the hub is reached: every address and port, or the proxy's.</param>
/// <param name="Allow">Addresses and networks that stay reachable, in canonical form.</param>
public sealed record Passage(IReadOnlyList<IPEndPoint> Hubs, IReadOnlyList<string> Allow)
{
    /// <summary>A single address is a network of one.</summary>
    public static IPNetwork Network(string addressOrNetwork) => addressOrNetwork.Contains('/')
        ? IPNetwork.Parse(addressOrNetwork)
        : IPAddress.Parse(addressOrNetwork) is var address ? new IPNetwork(address, address.GetAddressBytes().Length * 8) : default;
}

/// <summary>
/// Rules of our own in the packet filter of this operating system. Those of others are never changed. Throws <see cref="PlatformException"/>
/// when the system does not let it.
/// </summary>
public interface IFirewall
{
    /// <summary>A digest of what is ours, as the system shows it now; null when nothing of it is there.</summary>
    Task<string?> DigestAsync(CancellationToken ct);

    /// <summary>Loads all of it in place of what is ours. When it throws, then what stood before stands, unless the exception says otherwise.</summary>
    Task LoadAsync(Passage passage, CancellationToken ct);

    /// <summary>Takes all of it away. Works when only part of it is there, or nothing.</summary>
    Task RemoveAsync(CancellationToken ct);

    /// <summary>Does what comes after the rules, such as ending connections that they do not allow. What cannot be done is told in the details.</summary>
    /// <param name="fresh">The rules were loaded just now, not found.</param>
    Task FinishAsync(Passage passage, bool fresh, JsonObject details, CancellationToken ct);

    /// <summary>Looks after what the digest does not cover. True: somebody had taken it away or changed it.</summary>
    Task<bool> TendAsync(Passage passage, CancellationToken ct);

    /// <summary>How often the rules have refused what the agent tried in order to be refused; null where the system does not count that.</summary>
    Task<long?> RefusedAsync(CancellationToken ct);
}
