using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Voltaxe.Agent.Configuration;
using Voltaxe.Agent.Enrolment;
using Voltaxe.Agent.Execution;
using Voltaxe.Agent.Execution.Journalling;

namespace Voltaxe.Agent.CommandLine;

/// <summary>
/// <c>release --code C</c>: ends an isolation without the hub. A running agent is asked to do it, because the state is its own; where none
/// runs, this process is the agent for that moment.
/// </summary>
internal static class ReleaseAgent
{
    /// <summary>How long an agent may hold its folder without taking codes, as it does while it starts or stops.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30), Rest = TimeSpan.FromMilliseconds(200);

    public static async Task<int> InvokeAsync(AgentSettings settings, string code, CancellationToken ct)
    {
        try
        {
            var folder = StateFolder.At(settings.State).RequireTrusted();
            var enrolment = EnrolmentState.Read(folder);
            using var key = AgentKey.Read(folder);
            if (enrolment is null || key is null)
            {
                await Console.Error.WriteLineAsync($"{folder.Path} is not enrolled");
                return ExitCodes.NotFound;
            }
            // What is no code of this hub's for this agent is refused at once, whatever the agent is doing.
            var answer = new ReleaseVerifier(new PinnedKeys(enrolment.PinnedKeys), enrolment.HubId, enrolment.AgentId).Verify(code) is { Refusal: { } refusal }
                ? new ReleaseAnswer(ExitCodes.Refused, refusal)
                : await TakeAsync(settings, folder, enrolment, key, code, ct);
            await (answer.ExitCode == ExitCodes.Done ? Console.Out : Console.Error).WriteLineAsync(answer.Message);
            return answer.ExitCode;
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException or JournalUnwritableException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return e is UntrustedPathException ? ExitCodes.Refused : ExitCodes.Failed;
        }
    }

    private static async Task<ReleaseAnswer> TakeAsync(
        AgentSettings settings, StateFolder folder, EnrolmentState enrolment, System.Security.Cryptography.ECDsa key, string code, CancellationToken ct)
    {
        var time = new BootTime();
        var began = time.GetTimestamp();
        while (true)
        {
            try
            {
                using var mine = folder.Lock();
                // A dry run isolates in its log alone: where no real isolation is written down, that is what can be ended.
                var dryRun = settings.DryRun || !File.Exists(folder.IsolationFile) && File.Exists(folder.File("effects.log"));
                await using var host = await AgentHost.MakeAsync(settings with { DryRun = dryRun }, folder, enrolment, key, NullLoggerFactory.Instance, ct);
                return await host.ReleaseAsync(code, ct);
            }
            catch (StateFolderInUseException)
            {
                // An agent runs: it is asked.
            }
            if (await ReleaseDoor.AskAsync(folder, code, ct) is { } answer)
                return answer;
            if (time.GetElapsedTime(began) > Patience)
                return new(ExitCodes.Failed, "the agent that runs here takes no code: stop it (systemctl stop voltaxe-agent) and try again; the isolation stays while it is stopped");
            await Task.Delay(Rest, time, ct);
        }
    }
}
