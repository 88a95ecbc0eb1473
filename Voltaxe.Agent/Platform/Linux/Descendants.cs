namespace Voltaxe.Agent.Platform.Linux;

/// <summary>The processes that descend from one, as seen before it ended: afterwards they belong to somebody else.</summary>
internal sealed class Descendants(string bootId)
{
    /// <summary>How many are named in a result.</summary>
    public const int MostNamed = 20;

    private readonly Dictionary<string, ProcStat> seen = new(StringComparer.Ordinal);

    /// <summary>Adds those that it has now.</summary>
    public void AddOf(int pid)
    {
        var children = LinuxProcessList.Pids().Select(ProcStat.Read).OfType<ProcStat>().ToLookup(p => p.Parent);
        var next = new Queue<ProcStat>(children[pid]);
        while (next.TryDequeue(out var process))
        {
            // A pid that was given out anew while the list was read must not lead in a circle.
            if (!seen.TryAdd(Key(process), process))
                continue;
            foreach (var child in children[process.Pid])
                next.Enqueue(child);
        }
    }

    /// <summary>Those that still run.</summary>
    public IReadOnlyList<ProcStat> Alive() =>
        [.. seen.Values.Select(p => ProcStat.Read(p.Pid)).OfType<ProcStat>().Where(p => seen.ContainsKey(Key(p)) && !p.HasEnded).OrderBy(p => p.Pid)];

    private string Key(ProcStat process) => $"{process.Pid}/{process.StartTime(bootId)}";
}
