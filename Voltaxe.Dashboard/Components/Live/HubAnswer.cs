using Microsoft.Extensions.Logging;
using Voltaxe.Contracts.Operators;

namespace Voltaxe.Dashboard.Components.Live;

/// <summary>Asks the hub for something and always comes back with an answer that a screen can show.</summary>
internal static partial class HubAnswer
{
    /// <param name="gone">Whoever asked has left, and wants no answer.</param>
    public static async Task<Answered<T>> OfAsync<T>(Func<Task<Answered<T>>> ask, ILogger log, CancellationToken gone = default) where T : class
    {
        try
        {
            return await ask();
        }
        catch (OperationCanceledException) when (gone.IsCancellationRequested)
        {
            return new ProblemView { Title = "Nobody waits for the answer any more." };
        }
        // A fault here is the hub's. The person needs to know that the outcome is open, not to lose the page.
        catch (Exception e)
        {
            LogFault(log, e);
            return new ProblemView
            {
                Title = "The hub failed while it handled this. It may have been accepted: look at the list of commands before trying again.",
                TraceId = System.Diagnostics.Activity.Current?.TraceId.ToString(),
            };
        }
    }

    [LoggerMessage(EventId = 710, Level = LogLevel.Error, Message = "An operator's request from the dashboard failed")]
    private static partial void LogFault(ILogger log, Exception exception);
}
