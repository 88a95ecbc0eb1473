using System.Text.Json;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;
using Voltaxe.Hub.Domain;
using Voltaxe.Hub.Persistence;

namespace Voltaxe.Hub.Delivery;

/// <summary>Takes over what the agent says of itself and of its host.</summary>
public static class Observations
{
    public static void Take(HubWrite write, Agent agent, SyncRequest sync, ILogger log)
    {
        if (sync.Info is { } info)
        {
            agent.Os = info.Os;
            agent.Version = info.Version;
            agent.Capabilities = JsonSerializer.Serialize([.. info.Capabilities], WireJson.Default.StringArray);
            if (info.Hostname is { } said && !said.Equals(agent.Hostname, StringComparison.OrdinalIgnoreCase) && agent.ToldHostname != said)
            {
                log.HostnameDiffers(agent.Id, agent.Hostname, said);
                write.Audit($"agent:{agent.Id}", "alert_hostname_differs", $"agent:{agent.Id}", "ignored",
                    JsonSerializer.Serialize(new() { ["enrolled"] = Text(agent.Hostname), ["said"] = Text(said) }, WireJson.Default.DictionaryStringJsonElement));
            }
            agent.ToldHostname = info.Hostname;
        }
        if (sync.Observed is { } observed)
        {
            agent.Isolated = observed.Isolated;
            agent.IsolatedSince = observed.Since;
            agent.IsolationVerifiedAt = observed.VerifiedAt;
            agent.Rules = observed.Rules;
        }
    }

    private static JsonElement Text(string text) => JsonSerializer.SerializeToElement(text, WireJson.Default.String);
}
