namespace Voltaxe.Agent.Execution;

/// <summary>When the hub last spoke to this agent, authenticated: what an isolation is judged by.</summary>
/// <param name="time">Its timestamp must run through suspend.</param>
public sealed class HubContact(TimeProvider time)
{
    private const int RoundTrips = 8;

    private readonly Lock gate = new();
    private readonly Queue<TimeSpan> roundTrips = new(RoundTrips);
    private long? heard, answered;
    private TaskCompletionSource next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The hub said something of its own accord, over a socket that it accepted.</summary>
    public void Spoke()
    {
        lock (gate)
            heard = time.GetTimestamp();
    }

    /// <summary>The hub answered a sync.</summary>
    /// <param name="began">The timestamp from before the sync was sent: one that began earlier proves nothing about rules loaded meanwhile.</param>
    /// <param name="held">The hub was asked to hold the request open: how long it took says nothing about how fast the hub is.</param>
    public void Answered(long began, bool held = false)
    {
        TaskCompletionSource waiting;
        lock (gate)
        {
            heard = time.GetTimestamp();
            if (!held)
            {
                if (roundTrips.Count == RoundTrips)
                    roundTrips.Dequeue();
                roundTrips.Enqueue(time.GetElapsedTime(began));
            }
            answered = Math.Max(answered ?? began, began);
            waiting = next;
            next = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        waiting.SetResult();
    }

    /// <summary>The slowest of the hub's last answers; zero before the first.</summary>
    public TimeSpan SlowestAnswer
    {
        get
        {
            lock (gate)
                return roundTrips.Count == 0 ? TimeSpan.Zero : roundTrips.Max();
        }
    }

    /// <summary>Whether the hub was heard of in this last span.</summary>
    public bool HeardWithin(TimeSpan span)
    {
        lock (gate)
            return heard is { } at && time.GetElapsedTime(at) <= span;
    }

    /// <summary>Whether a sync that began at or after this timestamp was answered.</summary>
    public bool AnsweredSince(long stamp)
    {
        lock (gate)
            return answered >= stamp;
    }

    /// <summary>Waits for such an answer. False: there was none in time.</summary>
    public async Task<bool> WaitAsync(long since, TimeSpan atMost, CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(atMost, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        while (true)
        {
            Task arriving;
            lock (gate)
            {
                if (answered >= since)
                    return true;
                arriving = next.Task;
            }
            try
            {
                await arriving.WaitAsync(either.Token);
            }
            catch (OperationCanceledException) when (!ct.IsCancellationRequested)
            {
                return false;
            }
        }
    }
}
