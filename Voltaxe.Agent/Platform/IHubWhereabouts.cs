using System.Net;

namespace Voltaxe.Agent.Platform;

/// <summary>Where the hub is, for the rules; and what to use while names do not resolve.</summary>
public interface IHubWhereabouts
{
    Task<IReadOnlyDictionary<string, string[]>> ResolveAsync(CancellationToken ct);

    IReadOnlyList<IPEndPoint> EndPoints(IReadOnlyDictionary<string, string[]> resolved);

    void Pin(IReadOnlyDictionary<string, string[]>? addresses);
}
