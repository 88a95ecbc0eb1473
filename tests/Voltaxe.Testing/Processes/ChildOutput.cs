using System.Text.RegularExpressions;

namespace Voltaxe.Testing.Processes;

/// <summary>The lines of a process's two streams, in order of arrival, and the wait for one of them.</summary>
internal sealed class ChildOutput
{
    private readonly Lock gate = new();
    private readonly List<(string Text, bool Error)> lines = [];
    private TaskCompletionSource changed = NewSignal();
    private int openStreams = 2;

    public void Add(string line, bool isError) => Change(() => lines.Add((line, isError)));

    public void Ended() => Change(() => openStreams--);

    public IReadOnlyList<string> Lines(bool error)
    {
        lock (gate)
            return [.. lines.Where(l => l.Error == error).Select(l => l.Text)];
    }

    /// <summary>The first match, or null when both streams have ended without one.</summary>
    public async Task<Match?> FirstAsync(Regex pattern, CancellationToken ct)
    {
        for (var next = 0; ; )
        {
            Task more;
            lock (gate)
            {
                for (; next < lines.Count; next++)
                {
                    if (pattern.Match(lines[next].Text) is { Success: true } match)
                        return match;
                }
                if (openStreams == 0)
                    return null;
                more = changed.Task;
            }
            await more.WaitAsync(ct);
        }
    }

    public override string ToString()
    {
        lock (gate)
            return string.Join('\n', lines.Select(l => (l.Error ? "  ! " : "    ") + l.Text));
    }

    private void Change(Action change)
    {
        TaskCompletionSource waiting;
        lock (gate)
        {
            change();
            waiting = changed;
            changed = NewSignal();
        }
        waiting.SetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
