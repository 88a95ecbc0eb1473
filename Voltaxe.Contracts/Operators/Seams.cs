using Voltaxe.Contracts.Commands;

namespace Voltaxe.Contracts.Operators;

/// <summary>What the dashboard reads: a snapshot, then a stream of changes. Rows are whole; the latest wins.</summary>
public interface IHubReader
{
    /// <summary>Every agent that is not revoked.</summary>
    /// <remarks>Ends with <see cref="OperationCanceledException"/> when <paramref name="ct"/> does.</remarks>
    Task<LiveView<AgentView>> WatchAgentsAsync(CancellationToken ct);

    /// <summary>The newest <paramref name="limit"/> commands that fit the filter, then each command that changes and fits, and, with a null row, each that no longer fits.</summary>
    Task<LiveView<CommandView>> WatchCommandsAsync(CommandFilter filter, int limit, CancellationToken ct);

    /// <summary>A page of history. <paramref name="after"/> is the last page's <see cref="Page{T}.Next"/>.</summary>
    Task<Page<CommandView>> ListCommandsAsync(CommandFilter filter, int limit, string? after, CancellationToken ct);

    /// <summary>By host name (any case) or agent id; null when there is none.</summary>
    Task<AgentView?> FindAgentAsync(string hostOrId, CancellationToken ct);

    Task<CommandView?> FindCommandAsync(long id, CancellationToken ct);

    /// <summary>How long a command of this name waits for its host once it is due, as the hub is set.</summary>
    TimeSpan LifetimeOf(string command);
}

/// <summary>What the dashboard reads of collections: the evidence that they brought, and how far they are.</summary>
public interface IEvidenceReader
{
    /// <summary>The newest <paramref name="limit"/> pieces of evidence that fit the filter, then each that changes and fits; a null row is one that was removed.</summary>
    /// <remarks>Ends with <see cref="OperationCanceledException"/> when <paramref name="ct"/> does.</remarks>
    Task<LiveView<EvidenceView>> WatchEvidenceAsync(EvidenceFilter filter, int limit, CancellationToken ct);

    /// <summary>A page of the list, newest first. <paramref name="after"/> is the last page's <see cref="Page{T}.Next"/>.</summary>
    Task<Page<EvidenceView>> ListEvidenceAsync(EvidenceFilter filter, int limit, string? after, CancellationToken ct);

    /// <summary>The latest word of this command, and each that follows. Row ids are the command's number.</summary>
    Task<LiveView<ProgressView>> WatchProgressAsync(long commandId, CancellationToken ct);
}

/// <summary>What operators may do. Who acts comes from the signed-in user, never from an argument.</summary>
public interface IHubActions
{
    /// <param name="key">
    /// One for everything that a person does in one dialog, 1 to 255 printable ASCII characters: the same order under the same key again is
    /// answered with the commands of the first; another order under it is refused with 422.
    /// </param>
    Task<Answered<QueuedCommands>> QueueAsync(NewCommands order, string key, CancellationToken ct);

    /// <summary>Withdraws a command, or asks the agent to, when it is already handed out. 409 when it has ended.</summary>
    Task<Answered<CommandView>> CancelAsync(long id, string reason, CancellationToken ct);

    /// <summary>
    /// Asks the host itself, now: a question, never a command. 404 when there is no such agent, 409 <c>agent_away</c> when it is not connected,
    /// 504 <c>no_answer</c> when it does not answer within 30 s, 502 <c>agent_cannot</c> with its own words.
    /// </summary>
    Task<Answered<ProcessList>> AskProcessesAsync(string agentId, CancellationToken ct);

    /// <summary>A code that ends this agent's isolation without the hub. 409 when it is not known to be isolated.</summary>
    Task<Answered<ReleaseCodeReply>> CreateReleaseCodeAsync(string agentId, string reason, CancellationToken ct);
}

/// <summary>Either a value or the problem that the operators' API would have answered.</summary>
public sealed record Answered<T>(T? Value, ProblemView? Problem) where T : class
{
    public static implicit operator Answered<T>(T value) => new(value, null);
    public static implicit operator Answered<T>(ProblemView problem) => new(null, problem);
}

/// <summary>Which commands a list shows. Null means any.</summary>
public sealed record CommandFilter
{
    public string? Host { get; init; }
    public IReadOnlyList<CommandStatus>? Status { get; init; }
    public string? Command { get; init; }
    public string? CreatedBy { get; init; }
    public string? Batch { get; init; }
}

/// <summary>A snapshot and what follows. Read <see cref="Changes"/> once.</summary>
public sealed record LiveView<T>(IReadOnlyList<T> Snapshot, IAsyncEnumerable<IReadOnlyList<LiveChange<T>>> Changes) where T : class;

/// <summary>One row that is new or changed, whole; a null <see cref="Row"/> means that it is gone.</summary>
public sealed record LiveChange<T>(string Id, T? Row) where T : class;
