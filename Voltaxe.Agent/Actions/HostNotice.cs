using Microsoft.Extensions.Logging;
using Voltaxe.Agent.Configuration;
using Voltaxe.Agent.Platform;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Actions;

/// <summary>
/// Tells the people at the host that it is cut off, whom to ask and when it ends, and that it is over. Once each: not again when rules
/// are put back, nor when the agent is restarted.
/// </summary>
/// <param name="until">When the isolation ends by itself, or null.</param>
public sealed partial class HostNotice(INoticeBoard board, NoticeSettings settings, string host, Func<DateTimeOffset?> until, TimeProvider time, ILogger<HostNotice> log)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private bool? told;

    /// <summary>What was just seen of the host. Returns at once; the task ends when all have been told.</summary>
    public Task Saw(Observed seen)
    {
        // Rules that somebody took away are put back: to the people here nothing has changed.
        if (!settings.Enabled || seen is { Isolated: false, Rules: RulesState.Missing or RulesState.Tampered })
            return Task.CompletedTask;
        var before = told;
        told = seen.Isolated;
        return before is null || before == seen.Isolated ? Task.CompletedTask
            : TellAsync(seen.Isolated ? settings.Isolated(host, until()) : NoticeSettings.Freed(host));
    }

    private async Task TellAsync(string text)
    {
        using var limit = new CancellationTokenSource(Patience, time);
        try
        {
            Told(string.Join(", ", await board.TellAsync(text, limit.Token)), text);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            NotTold(e.Message);
        }
    }

    [LoggerMessage(4100, LogLevel.Information, "The people at this host were told (by {Ways}): {Text}")]
    private partial void Told(string ways, string text);

    [LoggerMessage(4101, LogLevel.Warning, "The people at this host could not be told: {Why}")]
    private partial void NotTold(string why);
}
