using Voltaxe.Hub.Pipeline;

namespace Voltaxe.Hub.Transports.CommandLine;

/// <summary>How a command line ends, for scripts.</summary>
public static class ExitCodes
{
    public const int Done = 0, Usage = 1, NotFound = 2, Refused = 3, Failed = 4, Unreachable = 6;

    public static int Of(Refusal refusal) => refusal.Status switch
    {
        400 => Usage,
        404 => NotFound,
        503 => Unreachable,
        _ => Refused,
    };

    public static int Of(StartFault fault) => fault switch
    {
        StartFault.Refused => Refused,
        StartFault.Unreachable => Unreachable,
        _ => Failed,
    };

    /// <summary>What names a file says more than the error below it does.</summary>
    private static string LineOf(Exception e) =>
        (e is IOException or UnauthorizedAccessException ? e : e.GetBaseException()).Message.ReplaceLineEndings(" ");

    /// <summary>Says on standard error what went wrong.</summary>
    public static async Task<int> GuardAsync(Func<Task<int>> run)
    {
        try
        {
            return await run();
        }
        catch (HubConfigurationException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return Usage;
        }
        catch (HubStartException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return Of(e.Fault);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            await Console.Error.WriteLineAsync(LineOf(e));
            return Failures.ToRefusal(e.GetBaseException()).Status == 503 || Failures.ToRefusal(e).Status == 503 ? Unreachable : Failed;
        }
    }
}
