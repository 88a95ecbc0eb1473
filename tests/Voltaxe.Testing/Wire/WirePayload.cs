using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Voltaxe.Testing.Wire;

/// <summary>Opens an envelope as the protocol says: signature over the bytes as sent, then who it is for and what it is.</summary>
public static class WirePayload
{
    public static (JsonObject? Payload, string? Fault) Open(JsonObject envelope, WireIdentity identity)
    {
        var bytes = WireText.FromBase64Url(WireText.Text(envelope, "payload"));
        if (!identity.CommandKeys.TryGetValue(WireText.Text(envelope, "key_id"), out var key))
            return (null, "signed with a key that is not pinned");
        if (!key.VerifyData(bytes, WireText.FromBase64Url(WireText.Text(envelope, "signature")), HashAlgorithmName.SHA256))
            return (null, "the signature does not hold");
        var payload = JsonNode.Parse(Encoding.UTF8.GetString(bytes))!.AsObject();
        var fault =
            WireText.Number(payload, "v") != 1 ? "another version"
            : WireText.Text(payload, "hub_id") != identity.HubId ? "of another hub"
            : WireText.Text(payload, "agent_id") != identity.AgentId ? "for another agent"
            : WireText.Text(payload, "uid") != WireText.Text(envelope, "uid") ? "another uid inside"
            : WireText.Number(payload, "id") != WireText.Number(envelope, "id") ? "another id inside"
            : null;
        return (payload, fault);
    }
}
