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
            using var http = HubChannels.MakeClient(new HubAddresses(settings.HubUrls!));
            var outcome = await new Enroller(http, folder).EnrolAsync(settings.HubUrls!, token, settings.Name ?? Environment.MachineName, ct);
            await (outcome.ExitCode == ExitCodes.Done ? Console.Out : Console.Error).WriteLineAsync(outcome.Message);
            return outcome.ExitCode;
        }
        catch (Exception e) when (e is StateFolderInUseException or FormatException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return ExitCodes.Failed;
        }
    }
}
