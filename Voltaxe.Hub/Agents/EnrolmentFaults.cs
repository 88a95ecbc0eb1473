using Voltaxe.Contracts.Crypto;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Hub.Agents;

/// <summary>What is wrong with an enrolment apart from its token.</summary>
public static class EnrolmentFaults
{
    private const int LongestText = 200;

    /// <param name="body">As it came.</param>
    /// <param name="agentId">The id that the key gives; empty where there is a fault.</param>
    public static Dictionary<string, string[]> Of(EnrolRequest body, out string agentId)
    {
        agentId = "";
        var faults = new Dictionary<string, string[]>();
        if (!AgentIds.IsHostName(body.Hostname))
            faults["hostname"] = [HostNames.Rule];
        if (!IsPlain(body.Os))
            faults["os"] = [$"must be at most {LongestText} characters, without control characters"];
        if (!IsPlain(body.Version))
            faults["version"] = [$"must be at most {LongestText} characters, without control characters"];
        using var key = P256.TryImport(body.PublicKey);
        if (key is null)
            faults["public_key"] = ["must be a P-256 public key as DER SPKI in base64url"];
        else if (!P256.Verify(key, P256.EnrolmentText(body.Token ?? "", body.Hostname ?? "", body.PublicKey!), body.Proof))
            faults["proof"] = ["must be the key's signature of token|hostname|public_key"];
        else
            agentId = AgentIds.From(key);
        return faults;
    }

    private static bool IsPlain(string? text) => text is null || text.Length <= LongestText && !text.Any(char.IsControl);
}
