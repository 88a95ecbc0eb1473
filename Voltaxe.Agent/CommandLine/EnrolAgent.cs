using Microsoft.Extensions.Logging;
using Voltaxe.Agent.Channels;
using Voltaxe.Agent.Configuration;
using Voltaxe.Agent.Enrolment;

namespace Voltaxe.Agent.CommandLine;

/// <summary><c>enroll --hub URL --token T</c>.</summary>
internal static class EnrolAgent
{
    public static async Task<int> InvokeAsync(AgentSettings settings, string token, CancellationToken ct)
    {
        try
        {
            var folder = StateFolder.Make(settings.State);
            using var mine = folder.Lock();
            using var logs = RunAgent.MakeLogs();
            var addresses = new HubAddresses(settings.HubUrls!, new AnsweredAddresses(folder.AddressesFile, logs.CreateLogger<AnsweredAddresses>()));
            using var http = HubChannels.MakeClient(addresses, settings.Trust);
            foreach (var hub in settings.HubUrls!)
            {
                if (HubUrls.WhyUnprotected(hub) is { } unprotected)
                    await Console.Error.WriteLineAsync($"warning: {hub}: {unprotected}");
            }
            var outcome = await new Enroller(http, folder).EnrolAsync(settings.HubUrls!, token, settings.Name ?? Environment.MachineName, ct);
            foreach (var hub in outcome.State is null ? [] : settings.HubUrls!)
                addresses.Answered(hub);
            await (outcome.ExitCode == ExitCodes.Done ? Console.Out : Console.Error).WriteLineAsync(outcome.Message);
            return outcome.ExitCode;
        }
        catch (Exception e) when (e is StateFolderInUseException or FormatException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return e is UntrustedPathException ? ExitCodes.Refused : ExitCodes.Failed;
        }
    }
}
