using System.Text.Json;
using System.Text.Json.Nodes;
using Voltaxe.Agent.Execution.Journalling;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Actions;

/// <summary>What an action is asked to do.</summary>
/// <param name="Resumed">It had begun before the agent died: it looks at the host first, and does only what is missing.</param>
/// <param name="Pin">What <see cref="IAction.Pin"/> found before it first began.</param>
public sealed record ActionOrder(Guid Uid, AcceptedCommand Command, bool Resumed, string? Pin = null);

/// <summary>How an action ended: <see cref="Outcome.Executed"/> or <see cref="Outcome.Failed"/>.</summary>
public sealed record ActionResult(Outcome Outcome, string Message, JsonElement? Data, bool? Verified = null)
{
    public static ActionResult Executed(string message, JsonElement? data = null, bool? verified = null) => new(Outcome.Executed, message, data, verified);

    /// <param name="error">One word for programs, such as <c>target_changed</c>; it leads the message and is <c>data.error</c>.</param>
    public static ActionResult Failed(string error, string message) =>
        Failed(error, message, []);

    /// <param name="details">What else there is to know of it.</param>
    public static ActionResult Failed(string error, string message, JsonObject details)
    {
        details["error"] = error;
        return new(Outcome.Failed, $"{error}: {message}", Platform.HostPlatform.ToElement(details), null);
    }
}

/// <summary>One command of the protocol, carried out on this host. Called by the executor after STARTED is durable, one at a time in its lane.</summary>
public interface IAction
{
    string Command { get; }

    /// <summary>How long it may take; then it is cancelled and reported <c>failed</c>, <c>timeout</c>.</summary>
    TimeSpan Limit { get; }

    /// <summary>Why this host will not run it with these parameters, or null. Without effect.</summary>
    string? WhyNot(JsonElement parameters);

    /// <summary>What it would be about now, for the journal: after a crash it must not be done to another. Null where that cannot happen.</summary>
    string? Pin(JsonElement parameters) => null;

    Task<ActionResult> RunAsync(ActionOrder order, CancellationToken ct);
}
