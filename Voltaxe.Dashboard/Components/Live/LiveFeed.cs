using Microsoft.Extensions.Logging;
using Voltaxe.Contracts.Operators;
using Voltaxe.Dashboard.Model.Lists;

namespace Voltaxe.Dashboard.Components.Live;

/// <summary>
/// Follows one live view for a component: keeps the rows, tells the component when to draw, opens the view again when it breaks, and
/// lets go of it when disposed. Changes that come faster than anybody can look are drawn together.
/// </summary>
/// <remarks>Rows are touched only on the component's dispatcher, so what draws them needs no lock.</remarks>
internal sealed partial class LiveFeed<T>(LiveRows<T> rows, LiveFeedOptions options, TimeProvider clock, ILogger log) : IDisposable where T : class
{
    private readonly CancellationTokenSource stop = new();
    private readonly Lock gate = new();
    private List<LiveChange<T>> pending = [];
    private bool flushing, disposed;
    private Func<Action, Task> onDispatcher = null!;
    private Action changed = null!;

    public LiveRows<T> Rows => rows;

    /// <summary>Loading until the first snapshot; lost while the view is broken and being opened again.</summary>
    public FeedState State { get; private set; }

    /// <summary>When what is shown was last known to be right; null before the first snapshot.</summary>
    public DateTimeOffset? LostAt { get; private set; }

    /// <param name="open">Opens the view; called again after a break.</param>
    /// <param name="dispatch">The component's InvokeAsync.</param>
    /// <param name="onChanged">Runs on the dispatcher, when rows or state are different.</param>
    public void Start(Func<CancellationToken, Task<LiveView<T>>> open, Func<Action, Task> dispatch, Action onChanged)
    {
        (onDispatcher, changed) = (dispatch, onChanged);
        // Off the dispatcher: opening may take a while, and whoever starts a feed must have it in hand before it speaks.
        _ = Task.Run(() => RunAsync(open));
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref disposed, true))
            return;
        stop.Cancel();
        stop.Dispose();
    }

    private async Task RunAsync(Func<CancellationToken, Task<LiveView<T>>> open)
    {
        var ct = stop.Token;
        while (!ct.IsCancellationRequested)
        {
            try
            {
                var view = await open(ct);
                await Draw(ct, () => Begin(view.Snapshot));
                await foreach (var batch in view.Changes.WithCancellation(ct))
                    Collect(batch, ct);
                LogEnded(log, typeof(T).Name);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
            // Whatever broke it, the answer is the same: say so on the screen and in the log, and open it again.
            catch (Exception e)
            {
                LogBroken(log, e, typeof(T).Name);
            }
            if (!await LoseAndWait(ct))
                return;
        }
    }

    private async Task<bool> LoseAndWait(CancellationToken ct)
    {
        try
        {
            await Draw(ct, () =>
            {
                LostAt ??= clock.GetUtcNow();
                State = FeedState.Lost;
            });
            await Task.Delay(options.Retry, clock, ct);
            return true;
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return false;
        }
    }

    private void Begin(IReadOnlyList<T> snapshot)
    {
        // What was collected from a view before this one is older than its snapshot.
        lock (gate)
            pending = [];
        rows.Reset(snapshot);
        (State, LostAt) = (FeedState.Live, null);
    }

    /// <summary>Never waits for the screen: a slow reader would make the hub hold its changes.</summary>
    private void Collect(IReadOnlyList<LiveChange<T>> batch, CancellationToken ct)
    {
        lock (gate)
        {
            pending.AddRange(batch);
            if (flushing)
                return;
            flushing = true;
        }
        _ = FlushAsync(ct);
    }

    /// <summary>Draws at once, then not again before the interval is over, for as long as there is more.</summary>
    private async Task FlushAsync(CancellationToken ct)
    {
        try
        {
            while (true)
            {
                await onDispatcher(() => ApplyPending(ct));
                if (options.DrawEvery > TimeSpan.Zero)
                    await Task.Delay(options.DrawEvery, clock, ct);
                lock (gate)
                {
                    if (pending.Count == 0)
                    {
                        flushing = false;
                        return;
                    }
                }
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The component is gone; there is nobody to draw for.
        }
        catch (Exception e)
        {
            lock (gate)
                flushing = false;
            LogBroken(log, e, typeof(T).Name);
        }
    }

    private void ApplyPending(CancellationToken ct)
    {
        List<LiveChange<T>> batch;
        lock (gate)
            (batch, pending) = (pending, []);
        if (!ct.IsCancellationRequested && rows.Apply(batch))
            changed();
    }

    private Task Draw(CancellationToken ct, Action change) => onDispatcher(() =>
    {
        if (ct.IsCancellationRequested)
            return;
        change();
        changed();
    });
}

internal enum FeedState { Loading, Live, Lost }

/// <param name="DrawEvery">The shortest time between two drawings; zero draws each batch.</param>
/// <param name="Retry">How long to wait before a broken view is opened again.</param>
internal sealed record LiveFeedOptions(TimeSpan DrawEvery, TimeSpan Retry)
{
    /// <summary>One command or one host: every change at once.</summary>
    public static LiveFeedOptions Prompt { get; } = new(TimeSpan.Zero, TimeSpan.FromSeconds(2));

    /// <summary>The whole fleet: four drawings a second are as live as eyes are.</summary>
    public static LiveFeedOptions Calm { get; } = new(TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(2));
}
