using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Voltaxe.Contracts.Operators;

namespace Voltaxe.Hub.Live;

/// <summary>
/// Spreads changed rows to whoever watches. A slow watcher is not waited for and misses nothing that still holds: of each row
/// only the latest is kept for it.
/// </summary>
public sealed class Fan<T> where T : class
{
    private readonly Lock gate = new();
    private readonly HashSet<Watcher> watchers = [];

    public bool IsWatched
    {
        get
        {
            lock (gate)
                return watchers.Count > 0;
        }
    }

    public void Publish(IReadOnlyCollection<LiveChange<T>> changes)
    {
        if (changes.Count == 0)
            return;
        Watcher[] now;
        lock (gate)
            now = [.. watchers];
        foreach (var watcher in now)
            watcher.Add(changes);
    }

    /// <summary>Watches from this moment until <paramref name="ct"/> ends, whether or not the stream is read.</summary>
    public IAsyncEnumerable<IReadOnlyList<LiveChange<T>>> Watch(CancellationToken ct)
    {
        var watcher = new Watcher();
        lock (gate)
            watchers.Add(watcher);
        ct.Register(() =>
        {
            lock (gate)
                watchers.Remove(watcher);
        });
        return watcher.ReadAsync(ct);
    }

    private sealed class Watcher
    {
        private readonly Lock gate = new();
        private readonly Dictionary<string, LiveChange<T>> waiting = [];
        private readonly Channel<bool> signal = System.Threading.Channels.Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

        public void Add(IEnumerable<LiveChange<T>> changes)
        {
            lock (gate)
            {
                foreach (var change in changes)
                    waiting[change.Id] = change;
            }
            signal.Writer.TryWrite(true);
        }

        public async IAsyncEnumerable<IReadOnlyList<LiveChange<T>>> ReadAsync([EnumeratorCancellation] CancellationToken ct)
        {
            while (true)
            {
                await signal.Reader.ReadAsync(ct);
                List<LiveChange<T>> taken;
                lock (gate)
                {
                    taken = [.. waiting.Values];
                    waiting.Clear();
                }
                if (taken.Count > 0)
                    yield return taken;
            }
        }
    }
}
