using System.Text.Json.Nodes;

namespace Voltaxe.Agent.Platform.Linux;

/// <summary>The connections of a host that are in no socket of its own network namespace: containers', and what it forwards for others.</summary>
public sealed class HostSessions(NamespaceSessions namespaces, ForwardedFlows flows)
{
    /// <returns>What could not be ended, in words, or null when nothing is left.</returns>
    public async Task<string?> EndAsync(JsonObject details, CancellationToken ct)
    {
        var done = await namespaces.EndAsync(ct);
        if (done.NotLooked is { } why)
            details["other_namespaces"] = why;
        var forwarded = await flows.ForgetAsync(done.Ended, ct);
        return done.Left is null ? forwarded : forwarded is null ? done.Left : $"{done.Left}; {forwarded}";
    }
}
