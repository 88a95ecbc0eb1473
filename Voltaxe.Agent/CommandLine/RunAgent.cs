using Microsoft.Extensions.Logging;
using Voltaxe.Agent.Configuration;
using Voltaxe.Agent.Enrolment;
using Voltaxe.Agent.Platform.Linux;

namespace Voltaxe.Agent.CommandLine;

/// <summary><c>run</c>: the agent itself, until it is told to stop.</summary>
internal static partial class RunAgent
{
    public static async Task<int> InvokeAsync(AgentSettings settings, CancellationToken ct)
    {
        try
        {
            var folder = StateFolder.At(settings.State).RequireTrusted();
            var enrolment = EnrolmentState.Read(folder);
            using var key = AgentKey.Read(folder);
            if (enrolment is null || key is null)
            {
                await Console.Error.WriteLineAsync($"{folder.Path} is not enrolled: run `enroll --hub URL --token T --state {folder.Path}` first");
                return ExitCodes.NotFound;
            }
            var service = SystemdNotice.FromEnvironment();
            StateFolder.Make(settings.State);
            using var mine = folder.Lock();
            using var logs = MakeLogs();
            await using var host = await AgentHost.MakeAsync(settings, folder, enrolment, key, logs, ct);
            Running(logs.CreateLogger("Voltaxe.Agent"), AgentVersion.Text, enrolment.AgentId, folder.Path, string.Join(", ", host.Platform.Capabilities));
            await host.RunAsync(ct, service);
            return ExitCodes.Done;
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return ExitCodes.Done;
        }
        catch (Exception e) when (e is StateFolderInUseException or FormatException or IOException or UnauthorizedAccessException or Execution.Journalling.JournalUnwritableException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return e is UntrustedPathException ? ExitCodes.Refused : ExitCodes.Failed;
        }
    }

    internal static ILoggerFactory MakeLogs() => LoggerFactory.Create(logging => logging
        .SetMinimumLevel(LogLevel.Information)
        .AddSimpleConsole(o =>
        {
            o.SingleLine = true;
            o.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";
            o.UseUtcTimestamp = true;
            o.ColorBehavior = Microsoft.Extensions.Logging.Console.LoggerColorBehavior.Disabled;
        }));

    [LoggerMessage(1, LogLevel.Information, "Voltaxe agent {Version} runs as {AgentId} with {State}; it can: {Capabilities}")]
    private static partial void Running(ILogger log, string version, string agentId, string state, string capabilities);
}
