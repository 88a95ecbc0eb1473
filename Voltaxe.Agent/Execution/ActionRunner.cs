using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Voltaxe.Agent.Actions;
using Voltaxe.Agent.Execution.Ledgers;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Json;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Execution;

/// <summary>Runs one action within its limit and turns whatever comes of it into a report that fits the wire.</summary>
public sealed partial class ActionRunner(IEnumerable<IAction> actions, HubClock clock, TimeProvider time, ILogger<ActionRunner> log)
{
    /// <summary>How long an action that was told to stop may take to do so, before it is reported without waiting for it.</summary>
    private static readonly TimeSpan Obedience = TimeSpan.FromSeconds(10);

    private const int MaxMessageChars = 2_000;

    private readonly Dictionary<string, IAction> byCommand = actions.ToDictionary(a => a.Command, StringComparer.Ordinal);

    /// <summary>Why this host refuses the command, or null.</summary>
    public string? WhyNot(Journalling.AcceptedCommand command) => byCommand.TryGetValue(command.Command, out var action)
        ? action.WhyNot(command.Params)
        : "this host cannot do this";

    /// <summary>What the command is about, as the host is now; null where its action pins nothing.</summary>
    public string? PinOf(Journalling.AcceptedCommand command) => byCommand.TryGetValue(command.Command, out var action) ? action.Pin(command.Params) : null;

    /// <summary>The report, or null when <paramref name="stop"/> cut the action short: it goes on after the next start.</summary>
    public async Task<ResultReport?> RunAsync(StartOrder order, DateTimeOffset? startedAt, CancellationToken stop)
    {
        // A collection is cut short when the agent stops; an effect that has begun is brought to its end.
        var mayStop = CommandNames.LaneOf(order.Command.Command) == Lane.Collect ? stop : CancellationToken.None;
        var action = byCommand[order.Command.Command];
        // What was possible when the command came may not be so after a restart: without the right, or without the program.
        if (action.WhyNot(order.Command.Params) is { } why)
        {
            var changes = CommandNames.LaneOf(order.Command.Command) != Lane.Collect;
            var impossible = order.Resumed && changes
                ? ActionResult.Failed("agent_crash", $"it had begun when the agent died, and what became of it cannot be seen: {why}") with { Outcome = Outcome.Unknown }
                : ActionResult.Failed("not_possible", why);
            return Report(order, impossible, startedAt);
        }
        using var limit = new CancellationTokenSource(action.Limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(mayStop, limit.Token);
        ActionResult result;
        try
        {
            var running = Task.Run(() => action.RunAsync(new ActionOrder(order.Uid, order.Command, order.Resumed, order.Pin), either.Token), CancellationToken.None);
            result = await running.WaitAsync(action.Limit + Obedience, time, CancellationToken.None);
        }
        catch (Exception e) when (mayStop.IsCancellationRequested && e is not TimeoutException)
        {
            // Cut short, whatever was in its way in that moment: a refusal of the hub that came together with the stop is no end of it.
            return null;
        }
        catch (Exception e) when (e is TimeoutException || e is OperationCanceledException && limit.IsCancellationRequested)
        {
            result = ActionResult.Failed("timeout", $"not done within {action.Limit.TotalMinutes:0} minutes");
        }
        catch (Exception e)
        {
            ActionThrew(e, order.Command.Command, order.Uid);
            result = ActionResult.Failed("error", e.Message);
        }
        return Report(order, result, startedAt);
    }

    private ResultReport Report(StartOrder order, ActionResult result, DateTimeOffset? startedAt) =>
        Fit(new ResultReport(order.Uid, 1, result.Outcome, result.Message, result.Data, Cut(startedAt), Cut(clock.Now), result.Verified));

    /// <summary>Makes a report fit the wire: what is too long is left out, and says so. How the command ended is never lost to its size.</summary>
    internal static ResultReport Fit(ResultReport report)
    {
        if (report.Data is { } data && Encoding.UTF8.GetByteCount(JsonSerializer.Serialize(data, WireJson.Default.JsonElement)) is var bytes and > ResultReport.MaxDataBytes)
            report = report with { Data = JsonElement.Parse($$"""{"truncated":true,"bytes":{{bytes}},"note":"larger than {{ResultReport.MaxDataBytes}} bytes, left out"}""") };
        return report.Message is { Length: > MaxMessageChars } message ? report with { Message = message[..MaxMessageChars] + "…" } : report;
    }

    private static DateTimeOffset? Cut(DateTimeOffset? time) => time is { } t ? WireTime.Truncate(t) : null;
}
