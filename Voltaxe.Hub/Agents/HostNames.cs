using System.Text.Json.Nodes;
using Voltaxe.Hub.Pipeline;

namespace Voltaxe.Hub.Agents;

/// <summary>Names are compared without case, and belong to one active agent each.</summary>
public static class HostNames
{
    public const string Rule = "must be letters, digits, '-', '.' or '_', at most 253, not ending in '.', and not shaped like an agent id";

    public static Refusal Taken { get; } = Refusal.Conflict("hostname_taken", "An active agent has this host name.");

    public static string KeyOf(string hostname) => hostname.ToLowerInvariant();

    /// <summary>For the audit trail.</summary>
    public static string Detail(string hostname) => new JsonObject { ["hostname"] = hostname }.ToJsonString();
}
