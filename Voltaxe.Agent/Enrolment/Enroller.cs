using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Voltaxe.Agent.Configuration;
using Voltaxe.Contracts.Crypto;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Enrolment;

/// <summary>How an enrolment ended, for people and for the exit code.</summary>
public sealed record EnrolOutcome(int ExitCode, string Message, EnrolmentState? State);

/// <summary>Makes this host known to a hub, and pins the hub's command key that the token names. Repeating it with the same token is harmless.</summary>
public sealed class Enroller(HttpClient http, StateFolder folder)
{
    public async Task<EnrolOutcome> EnrolAsync(IReadOnlyList<Uri> hubs, string token, string hostname, CancellationToken ct)
    {
        if (!AgentIds.IsHostName(hostname))
            return new(ExitCodes.Usage, $"'{hostname}' is not a host name: letters, digits and -._, at most 253, no dot at the end, not shaped like an agent id", null);
        if (FingerprintOf(token) is not { } fingerprint)
            return new(ExitCodes.Usage, "the token is not of the form vtx_enr_<secret>.<fingerprint>", null);
        if (EnrolmentState.Read(folder) is { } already && !already.PinnedKeys.Any(k => k.KeyId == fingerprint))
            return new(ExitCodes.Refused, $"this state folder is enrolled as {already.AgentId} with another hub: use another --state", null);

        using var key = AgentKey.ReadOrMake(folder);
        var publicKey = P256.PublicKeyOf(key);
        var request = new EnrolRequest(token, hostname, OsName, AgentVersion.Text, publicKey, P256.Sign(key, P256.EnrolmentText(token, hostname, publicKey)));
        var lastFault = "no hub was asked";
        foreach (var hub in hubs)
        {
            try
            {
                using var response = await http.PostAsync(HubUrls.At(hub, AgentRoutes.Enrol), JsonContent.Create(request, WireJson.Default.EnrolRequest), ct);
                var body = await response.Content.ReadAsStringAsync(ct);
                return response.StatusCode == HttpStatusCode.Created
                    ? Pin(JsonSerializer.Deserialize(body, WireJson.Default.EnrolReply), fingerprint, AgentIds.From(key), hubs, hostname)
                    : new(response.StatusCode >= HttpStatusCode.InternalServerError ? ExitCodes.Failed : ExitCodes.Refused,
                        $"{hub} refused: {Problems.Describe(response.StatusCode, body)}", null);
            }
            catch (HttpRequestException e)
            {
                lastFault = $"{hub}: {Problems.Describe(e)}";
            }
            catch (TaskCanceledException) when (!ct.IsCancellationRequested)
            {
                lastFault = $"{hub}: no answer in time";
            }
            catch (JsonException e)
            {
                return new(ExitCodes.Failed, $"{hub} answered something that is not an enrolment: {e.Message}", null);
            }
        }
        return new(ExitCodes.Unreachable, $"no hub reached ({lastFault})", null);
    }

    /// <summary>What agents call this operating system.</summary>
    public static string OsName => OperatingSystem.IsLinux() ? "linux" : OperatingSystem.IsWindows() ? "windows" : OperatingSystem.IsMacOS() ? "macos" : "other";

    private EnrolOutcome Pin(EnrolReply? reply, string fingerprint, string agentId, IReadOnlyList<Uri> hubs, string hostname)
    {
        if (reply is null || string.IsNullOrEmpty(reply.HubId))
            return new(ExitCodes.Failed, "the hub's answer names no hub", null);
        if (reply.AgentId != agentId)
            return new(ExitCodes.Refused, $"the hub calls this agent {reply.AgentId}, but its key makes it {agentId}: not pinned", null);
        // The fingerprint is computed here: what the hub calls its key proves nothing.
        var pinned = (reply.CommandKeys ?? []).FirstOrDefault(k => P256.TryImport(k.PublicKey) is { } key && P256.Fingerprint(key) == fingerprint);
        if (pinned is null)
            return new(ExitCodes.Refused, "none of the hub's command keys is the one that the token names: nothing is pinned. Is this the hub that made the token?", null);
        var state = new EnrolmentState
        {
            AgentId = agentId,
            HubId = reply.HubId,
            Hostname = hostname,
            HubUrls = [.. hubs.Select(h => h.AbsoluteUri)],
            PinnedKeys = [new PinnedKey(fingerprint, pinned.PublicKey, null)],
            PollSeconds = Math.Clamp(reply.PollSeconds, 1, 3600),
        };
        state.Write(folder);
        return new(ExitCodes.Done, $"enrolled as {agentId}", state);
    }

    private static string? FingerprintOf(string token)
    {
        const string prefix = "vtx_enr_";
        const int fingerprintChars = 16;
        var dot = token.LastIndexOf('.');
        return token.StartsWith(prefix, StringComparison.Ordinal) && dot > prefix.Length && token.Length - dot - 1 == fingerprintChars ? token[(dot + 1)..] : null;
    }
}
